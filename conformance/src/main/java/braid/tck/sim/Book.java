package braid.tck.sim;

import braid.port.Frame;
import java.util.ArrayList;
import java.util.List;

/// Keeps account of every frame of every tenant: where it was taken, handed over, put on a wire,
/// given back. What must hold is checked with each entry.
final class Book {
  private final List<Account> accounts = new ArrayList<>();

  Book() {}

  Account open(Account account) {
    accounts.add(account);
    return account;
  }

  List<Account> accounts() {
    return accounts;
  }

  /// A frame leaves `nic`, or is lost in it.
  void leaves(Frame frame, Nic nic, boolean sent) {
    for (Account account : accounts) {
      int number = Frames.number(frame, account.stream());
      if (number != Frames.NONE) {
        account.leaves(number, nic, sent);
        return;
      }
    }
  }
}
