package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.KeyExchangeRef;

/** An ephemeral private key as a session object of a pool's token. */
final class KeyExchangeHandle implements KeyExchangeRef {

    private final TokenPool pool;
    private final KeyExchangeGroup group;
    private final TokenObject privateKey;

    KeyExchangeHandle(TokenPool pool, KeyExchangeGroup group, TokenObject privateKey) {
        this.pool = pool;
        this.group = group;
        this.privateKey = privateKey;
    }

    @Override
    public KeyExchangeGroup group() {
        return group;
    }

    TokenPool pool() {
        return pool;
    }

    TokenObject privateKey() {
        return privateKey;
    }

    @Override
    public String toString() {
        return group + " of session " + privateKey.creator().generation();
    }
}
