package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.Derivation;
import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Mechanism;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request asks of the token: understood and checked by {@link RequestReading}, and not yet begun. */
sealed interface TokenOperation {

    /** What the operation stands on. */
    Footing footing();

    /** What has the form of a batch's lane. */
    sealed interface InLane extends TokenOperation {}

    /** @param call what to sign, and how */
    record Sign(TokenKey key, Signatures.Call call) implements InLane {
        @Override
        public Footing footing() {
            return new Footing.Key(key);
        }
    }

    /**
     * @param key the public key's template
     * @param call what was signed, and how
     */
    record Verify(List<Attribute> key, Signatures.Call call, byte[] signature) implements InLane {
        @Override
        public Footing footing() {
            return Footing.ITSELF;
        }
    }

    /**
     * @param maxLength octets that the plaintext has at most
     * @param substitute with as many octets at least
     */
    record Decrypt(TokenKey key, byte[] ciphertext, int maxLength, HsmRequest.Substitute substitute) implements InLane {
        @Override
        public Footing footing() {
            return new Footing.Key(key);
        }
    }

    record Random(int length) implements TokenOperation {
        @Override
        public Footing footing() {
            return Footing.ITSELF;
        }
    }

    record Generate(TokenAbilities.GroupAbility group) implements InLane {
        @Override
        public Footing footing() {
            return Footing.ITSELF;
        }
    }

    /** @param derivation with the peer's public value, which is checked */
    record Agree(TokenAbilities.GroupAbility group, TokenObject privateKey, Mechanism derivation, Product product)
            implements InLane {
        @Override
        public Footing footing() {
            return new Footing.Handle(privateKey);
        }
    }

    /** @param derivation with the peer's public value, which is checked */
    record GenerateAndAgree(TokenAbilities.GroupAbility group, Mechanism derivation, Product product)
            implements InLane {
        @Override
        public Footing footing() {
            return Footing.ITSELF;
        }
    }

    /** A derivation from a secret that was handed out as an object. */
    record DeriveFromObject(TokenAbilities.GroupAbility group, TokenObject secret, Product product)
            implements TokenOperation {
        @Override
        public Footing footing() {
            return new Footing.Handle(secret);
        }
    }

    /** A derivation from a secret that was handed out as octets: the token has no part in it. */
    record DeriveFromOctets(PoolSecret.OnHost secret, Derivation derivation) implements TokenOperation {
        @Override
        public Footing footing() {
            return Footing.ITSELF;
        }
    }

    /** What is to become of a shared secret. */
    sealed interface Product {

        /**
         * The object is handed out.
         *
         * @param extractable whether it may be read later
         */
        record Kept(boolean extractable) implements Product {}

        /** Octets made on the token; the secret does not leave it. */
        record Derived(Derivation derivation) implements Product {}

        /**
         * The secret is read.
         *
         * @param derivation what the host then makes of it; null: the secret's octets are handed out
         */
        record Read(@Nullable Derivation derivation) implements Product {}
    }
}
