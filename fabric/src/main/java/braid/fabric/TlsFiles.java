package braid.fabric;

import java.nio.file.Path;

/// What a node proves itself with, as PEM files.
///
/// @param ca          certificates of the authority that both ends trust
/// @param certificate this node's certificate, its name as DNS SAN or CN; further ones of the chain
///                    may follow
/// @param key         its private key, PKCS#8 without password
public record TlsFiles(Path ca, Path certificate, Path key) {}
