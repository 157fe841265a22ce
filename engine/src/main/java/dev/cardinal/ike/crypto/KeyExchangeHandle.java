package dev.cardinal.ike.crypto;

/** Our half of a key exchange, on a token or on the host. Whoever holds one releases it. */
public interface KeyExchangeHandle {

    KeyExchangeMethod method();
}
