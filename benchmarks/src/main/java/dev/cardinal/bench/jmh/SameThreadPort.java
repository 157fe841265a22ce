package dev.cardinal.bench.jmh;

import dev.cardinal.ike.backend.HostCrypto;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;

/** The host's processor, on the calling thread: an outcome is there before {@code submit} returns. */
record SameThreadPort(HostCrypto host) implements CryptoPort {
    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        completion.completed(host.perform(request));
        return true;
    }

    @Override
    public void release(KeyExchangeHandle handle) {
        if (handle instanceof AutoCloseable half) {
            try {
                half.close();
            } catch (Exception e) {
                throw new IllegalStateException("half of a key exchange cannot be closed", e);
            }
        }
    }
}
