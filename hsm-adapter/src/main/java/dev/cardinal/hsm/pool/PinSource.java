package dev.cardinal.hsm.pool;

import java.io.IOException;

/** Where a token's PIN comes from: asked for each login, so that no copy lives in between. */
@FunctionalInterface
public interface PinSource {

    /**
     * The PIN's octets in a fresh array, which the caller wipes.
     *
     * @throws IOException when the PIN cannot be read; the message must not hold it
     */
    byte[] pin() throws IOException;
}
