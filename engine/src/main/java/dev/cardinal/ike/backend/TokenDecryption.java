package dev.cardinal.ike.backend;

import dev.cardinal.ike.crypto.CryptoOutcome;
import dev.cardinal.ike.crypto.CryptoOutcome.Failed;
import dev.cardinal.ike.crypto.CryptoPort.Completion;
import dev.cardinal.ike.crypto.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The ciphertexts of one request on a token, each a request of its own there. Answers once, when the last is done. What
 * stands for a ciphertext that is none was made before any of them went, and the token's pool puts it there.
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
            substitutes.forEach(RsaEncryption.Substitute::wipe);
            completion.completed(whole());
        }
    }

    private CryptoOutcome whole() {
        @Nullable Failed failed = null;
        List<Secret> plaintexts = new ArrayList<>(answers.length());
        for (int i = 0; i < answers.length(); i++) {
            switch (answers.get(i)) {
                case CryptoOutcome.Decrypted decrypted -> plaintexts.addAll(decrypted.plaintexts());
                case Failed failure -> failed = failure;
                default -> failed = new Failed(Failed.Kind.BACKEND, "answer to another question");
            }
        }
        if (failed == null) {
            return new CryptoOutcome.Decrypted(List.copyOf(plaintexts));
        }
        plaintexts.forEach(Secret::close);
        return failed;
    }
}
