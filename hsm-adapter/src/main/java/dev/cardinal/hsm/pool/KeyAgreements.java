package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Lane;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Key pairs and shared secrets as session objects. Who calls destroys what it gets.
 *
 * @param privateObjects whether objects are {@code CKA_PRIVATE}: on a token with a login
 */
record KeyAgreements(boolean privateObjects) {

    /** A private key on the token, and its public value as the payload carries it. */
    record Fresh(long privateKey, byte[] publicValue) {}

    Fresh generate(Session session, GroupDriver driver) throws Pkcs11Exception, HsmFailure {
        List<Attribute> publicTemplate = new ArrayList<>(driver.parameters());
        publicTemplate.add(Attribute.of(Cka.TOKEN, false));
        publicTemplate.add(Attribute.of(Cka.PRIVATE, false));
        Cryptoki.KeyPair pair = session.cryptoki()
                .generateKeyPair(session.handle(), driver.generation(), publicTemplate, privateTemplate());
        boolean done = false;
        try {
            byte[] tokenPublic;
            try {
                tokenPublic = session.attribute(pair.publicKey(), driver.publicAttribute());
            } finally {
                session.destroy(pair.publicKey());
            }
            byte[] payload = driver.payloadOf(tokenPublic);
            if (payload == null) {
                throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's public value is none of " + driver.group());
            }
            done = true;
            return new Fresh(pair.privateKey(), payload);
        } finally {
            if (!done) {
                session.destroy(pair.privateKey());
            }
        }
    }

    /**
     * Derives {@code g^xy}.
     *
     * @param derivation of {@link GroupDriver#derivation}, which has checked the peer's value
     * @param extractable whether {@link #read} may read it
     */
    long derive(Session session, GroupDriver driver, long privateKey, Mechanism derivation, boolean extractable)
            throws Pkcs11Exception {
        return session.cryptoki()
                .deriveKey(session.handle(), derivation, privateKey, secretTemplate(driver, extractable));
    }

    /** {@link #generate} as a lane of a batch. */
    Lane.Generate generation(GroupDriver driver) {
        return new Lane.Generate(driver.generation(), driver.parameters(), privateTemplate(), publicRoom(driver));
    }

    /** Octets of a public value in a token's form: one more than the payload's, for the form of a curve's point. */
    static int publicRoom(GroupDriver driver) {
        return driver.publicLength() + 1;
    }

    private List<Attribute> privateTemplate() {
        // CKA_VALUE_BITS is not sent: too short an exponent is refused by some tokens and ignored by others
        return List.of(
                Attribute.of(Cka.TOKEN, false),
                Attribute.of(Cka.PRIVATE, privateObjects),
                Attribute.of(Cka.SENSITIVE, true),
                Attribute.of(Cka.EXTRACTABLE, false),
                Attribute.of(Cka.DERIVE, true));
    }

    /** The template of {@code g^xy}. */
    List<Attribute> secretTemplate(GroupDriver driver, boolean extractable) {
        return List.of(
                Attribute.of(Cka.CLASS, Cko.SECRET_KEY),
                Attribute.of(Cka.KEY_TYPE, Ckk.GENERIC_SECRET),
                Attribute.of(Cka.TOKEN, false),
                Attribute.of(Cka.PRIVATE, privateObjects),
                Attribute.of(Cka.SENSITIVE, !extractable),
                Attribute.of(Cka.EXTRACTABLE, extractable),
                Attribute.of(Cka.DERIVE, true),
                // required by some tokens; makes others keep leading zeros
                Attribute.of(Cka.VALUE_LEN, driver.secretLength()));
    }

    /** Reads an extractable secret, padded to the group's length; the caller wipes it. */
    byte[] read(Session session, GroupDriver driver, long secret) throws Pkcs11Exception, HsmFailure {
        byte[] value = session.attribute(secret, Cka.VALUE);
        byte[] padded = Octets.leftPadded(value, driver.secretLength());
        Arrays.fill(value, (byte) 0);
        if (padded == null) {
            throw new HsmFailure(Kind.DEVICE_BROKEN, 0, "the token's secret is longer than " + driver.group());
        }
        return padded;
    }
}
