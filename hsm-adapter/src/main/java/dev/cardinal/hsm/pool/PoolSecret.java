package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.SharedSecret;
import java.util.Arrays;

/** The shared secrets a pool hands out. */
sealed interface PoolSecret extends SharedSecret {

    TokenPool pool();

    KeyExchangeGroup group();

    /** {@code g^xy} as a session object. */
    record OnToken(TokenPool pool, KeyExchangeGroup group, TokenObject secret) implements PoolSecret {
        @Override
        public boolean onToken() {
            return true;
        }

        @Override
        public String toString() {
            return "OnToken[" + group + "]";
        }
    }

    /** {@code g^xy} on the host, wiped when it is released. */
    final class OnHost implements PoolSecret {
        private final TokenPool pool;
        private final KeyExchangeGroup group;
        private final byte[] octets;
        private boolean released;

        /** @param octets owned by this from now on */
        OnHost(TokenPool pool, KeyExchangeGroup group, byte[] octets) {
            this.pool = pool;
            this.group = group;
            this.octets = octets;
        }

        @Override
        public TokenPool pool() {
            return pool;
        }

        @Override
        public KeyExchangeGroup group() {
            return group;
        }

        @Override
        public boolean onToken() {
            return false;
        }

        /** A copy that the caller wipes, or an empty array after the release. */
        synchronized byte[] copy() {
            return released ? new byte[0] : octets.clone();
        }

        /** False where it was released before. */
        synchronized boolean release() {
            boolean first = !released;
            released = true;
            Arrays.fill(octets, (byte) 0);
            return first;
        }

        @Override
        public String toString() {
            return "OnHost[" + group + "]";
        }
    }
}
