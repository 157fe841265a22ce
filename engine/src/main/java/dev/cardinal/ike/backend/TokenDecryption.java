package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort.Completion;
import dev.cardinal.ike.crypto.Secret;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The ciphertexts of one request on a token, each a request of its own there. Answers once, when the last is done. What
 * stands for a ciphertext that is none was made before any of them went.
 */
final class TokenDecryption {
    private final List<RsaEncryption.Substitute> substitutes;
    private final Completion completion;
    private final AtomicReferenceArray<CryptoOutcome> answers;
    private final AtomicInteger waiting;

    TokenDecryption(List<RsaEncryption.Substitute> substitutes, Completion completion) {
        this.substitutes = substitutes;
        this.completion = completion;
        this.answers = new AtomicReferenceArray<>(substitutes.size());
        this.waiting = new AtomicInteger(substitutes.size());
    }

    /** @param outcome of the ciphertext at the index: {@link CryptoOutcome.Decrypted} of one, or a failure */
    void answered(int index, CryptoOutcome outcome) {
        answers.set(index, outcome);
        if (waiting.decrementAndGet() == 0) {
            completion.completed(whole());
        }
    }

    private CryptoOutcome whole() {
        @Nullable Failed failed = null;
        Secret[] plaintexts = new Secret[substitutes.size()];
        for (int i = 0; i < plaintexts.length; i++) {
            CryptoOutcome answer = answers.get(i);
            Secret substitute = substitutes.get(i).message();
            Secret plaintext = substitute;
            if (answer instanceof CryptoOutcome.Decrypted decrypted) {
                plaintext = decrypted.plaintexts().getFirst();
            } else if (!(answer instanceof Failed refused)) {
                failed = new Failed(Failed.Kind.BACKEND, "answer to another question");
            } else if (refused.kind() != Failed.Kind.PEER_DATA) {
                failed = refused;
            }
            // else the ciphertext was refused: how the token says so is its own affair, and nobody hears of it
            plaintexts[i] = plaintext.copy();
            plaintext.close();
            substitute.close();
            substitutes.get(i).wipe();
        }
        if (failed == null) {
            return new CryptoOutcome.Decrypted(List.of(plaintexts));
        }
        for (Secret plaintext : plaintexts) {
            plaintext.close();
        }
        return failed;
    }
}
