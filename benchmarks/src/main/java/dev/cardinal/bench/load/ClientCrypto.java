package dev.cardinal.bench.load;

import dev.cardinal.ike.backend.HsmCryptoPort;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.crypto.CryptoRequest;
import dev.cardinal.ike.crypto.KeyExchangeHandle;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The clients' public-key work at the least price: one key pair serves all of them, made at the first need; they sign and
 * agree on their token; and they take one signature of {@link #VERIFIED_ONE_OF} of the gateway's under examination, which a
 * gateway that signs nonsense does not survive.
 */
final class ClientCrypto implements CryptoPort, AutoCloseable {
    /** Of so many proofs of the gateway, one is verified. */
    static final int VERIFIED_ONE_OF = 64;

    private static final int HOST_QUEUE = 1 << 12;

    private final HsmCryptoPort token;
    private final JcaCryptoPort host =
            new JcaCryptoPort(1, HOST_QUEUE, new SystemRandom(), Clock.systemUTC(), System::nanoTime);
    private final AtomicLong proofs = new AtomicLong();
    private volatile CryptoOutcome.@Nullable Generated pair;

    ClientCrypto(HsmCryptoPort token) {
        this.token = token;
    }

    @Override
    public boolean submit(CryptoRequest request, Completion completion) {
        return switch (request) {
            case CryptoRequest.Generate generate -> {
                CryptoOutcome.Generated known = pair;
                if (known == null || known.handle().method() != generate.method()) {
                    yield token.submit(generate, outcome -> {
                        if (outcome instanceof CryptoOutcome.Generated generated) {
                            pair = generated;
                        }
                        completion.completed(outcome);
                    });
                }
                completion.completed(known);
                yield true;
            }
            case CryptoRequest.VerifyPeer verify -> {
                if (proofs.getAndIncrement() % VERIFIED_ONE_OF == 0) {
                    yield host.submit(verify, completion);
                }
                completion.completed(new CryptoOutcome.PeerVerified());
                yield true;
            }
            case CryptoRequest.Agree agree -> token.submit(agree, completion);
            case CryptoRequest.GenerateAndAgree both -> token.submit(both, completion);
            case CryptoRequest.Sign sign -> token.submit(sign, completion);
            case CryptoRequest.Decrypt decrypt -> token.submit(decrypt, completion);
            case CryptoRequest.EncryptToPeer encrypt -> host.submit(encrypt, completion);
        };
    }

    /** Key pairs are shared and stay until the token is closed. */
    @Override
    public void release(KeyExchangeHandle handle) {}

    @Override
    public void close() {
        host.close();
    }
}
