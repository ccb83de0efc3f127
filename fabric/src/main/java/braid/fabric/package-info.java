/// Another node's NIC as a local port.
package braid.fabric;
