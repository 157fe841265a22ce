package dev.cardinal.ike.crypto;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a {@link CryptoRequest} came to. Handles and secrets pass to the receiver. */
public sealed interface CryptoOutcome {

    /** @param publicValue as the Key Exchange payload carries it */
    record Generated(KeyExchangeHandle handle, byte[] publicValue) implements CryptoOutcome {}

    /** @param publicValue our public value after {@link CryptoRequest.GenerateAndAgree}, else null */
    record Agreed(Secret derived, byte @Nullable [] publicValue) implements CryptoOutcome {}

    record Signed(byte[] signature) implements CryptoOutcome {}

    /** @param plaintexts one for each ciphertext, in their order; what could not be decrypted is among them and looks alike */
    record Decrypted(List<Secret> plaintexts) implements CryptoOutcome {}

    /** @param ciphertexts one for each plaintext, in their order, each as long as the key's modulus */
    record Encrypted(List<byte[]> ciphertexts) implements CryptoOutcome {}

    record PeerVerified() implements CryptoOutcome {}

    /** @param reason for our log only; the peer learns AUTHENTICATION_FAILED */
    record PeerRejected(String reason) implements CryptoOutcome {}

    /** @param message for our log; holds no secret */
    record Failed(Kind kind, String message) implements CryptoOutcome {
        /** Why, as far as the SA acts on it. */
        public enum Kind {
            /** The deadline passed before the work was begun. */
            EXPIRED,
            /** Our half of the key exchange is gone: restart the exchange. */
            LOST,
            /** The peer's public value was refused. */
            PEER_DATA,
            /** The back end cannot do this at all. */
            UNSUPPORTED,
            /** The back end failed. */
            BACKEND
        }
    }
}
