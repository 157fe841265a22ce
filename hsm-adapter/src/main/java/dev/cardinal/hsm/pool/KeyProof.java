package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.SignatureMechanism;
import dev.cardinal.hsm.pkcs11.Ckr;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import javax.crypto.Cipher;

/** How a private key shows that it belongs to a public key: by doing once what it is wanted for. */
sealed interface KeyProof {

    /** Octets that are signed or decrypted. */
    int LENGTH = 32;

    /** Whether the token lets the key do it at all. */
    boolean permitted(KeyObject key);

    /** The attribute that forbids it. */
    String attribute();

    /** How a key fails the proof, for messages. */
    String failure();

    /** @param login for keys that want it for each use */
    boolean proves(Session session, TokenLogin login, PublicKey publicKey, KeyObject key)
            throws Pkcs11Exception, HsmFailure;

    private static byte[] random() {
        byte[] octets = new byte[LENGTH];
        new SecureRandom().nextBytes(octets);
        return octets;
    }

    /** A signature, which the host verifies. */
    record BySignature(Signatures signatures) implements KeyProof {

        /** A token that lets a key sign against its attribute may: the signature counts. */
        @Override
        public boolean permitted(KeyObject key) {
            return true;
        }

        @Override
        public String attribute() {
            return "CKA_SIGN";
        }

        @Override
        public String failure() {
            return "their signatures do not verify";
        }

        @Override
        public boolean proves(Session session, TokenLogin login, PublicKey publicKey, KeyObject key)
                throws Pkcs11Exception, HsmFailure {
            SignatureMechanism mechanism = signatures.proofFor(publicKey);
            byte[] message = random();
            byte[] signature = key.sign(session, login, signatures.call(publicKey, mechanism, message));
            return PublicKeys.verifies(publicKey, mechanism, message, signature);
        }
    }

    /** Octets that the host encrypted. */
    record ByDecryption() implements KeyProof {

        /** Some tokens decrypt with any key: an operator who forbade it shall hear of it. */
        @Override
        public boolean permitted(KeyObject key) {
            return key.mayDecrypt();
        }

        @Override
        public String attribute() {
            return "CKA_DECRYPT";
        }

        @Override
        public String failure() {
            return "they do not decrypt";
        }

        @Override
        public boolean proves(Session session, TokenLogin login, PublicKey publicKey, KeyObject key)
                throws Pkcs11Exception, HsmFailure {
            byte[] modulus = PublicKeys.modulus(publicKey);
            if (!(publicKey instanceof RSAPublicKey rsa) || modulus == null) {
                throw new HsmFailure(Kind.UNSUPPORTED, 0, "only RSA keys decrypt, not " + publicKey.getAlgorithm());
            }
            byte[] message = random();
            byte[] ciphertext;
            try {
                Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
                cipher.init(Cipher.ENCRYPT_MODE, rsa);
                ciphertext = cipher.doFinal(message);
            } catch (GeneralSecurityException e) {
                throw new HsmFailure(Kind.OUR_FAULT, 0, "the host does not encrypt to the key: " + e.getMessage());
            }
            Cryptoki.Decryption done = key.decrypt(session, login, ciphertext, modulus.length);
            if (done.rv() != Ckr.OK) {
                throw new Pkcs11Exception("C_Decrypt", done.rv());
            }
            return done.length() == LENGTH && Arrays.equals(message, Arrays.copyOf(done.room(), LENGTH));
        }
    }
}
