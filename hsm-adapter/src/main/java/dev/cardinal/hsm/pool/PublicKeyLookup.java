package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds a public key on a token by its name: what a certificate is to be made for. */
public final class PublicKeyLookup {
    private PublicKeyLookup() {}

    /**
     * The public key with this name. Blocks; logs in with one try of the PIN where one is given.
     *
     * @param initArgs as in {@link TokenSettings}
     * @param pin the token's PIN, null for a token that shows its public keys to anybody
     * @param name {@code CKA_LABEL}, else {@code CKA_ID} in hexadecimal
     * @return DER of the {@code SubjectPublicKeyInfo}
     * @throws HsmFailure where there is none, or more than one
     */
    public static byte[] find(
            Path module, @Nullable String initArgs, TokenSelector selector, @Nullable PinSource pin, String name)
            throws HsmFailure {
        Pkcs11Module open = TokenInventory.module(module, initArgs);
        TokenLogin login = null;
        try {
            Cryptoki cryptoki = open.cryptoki();
            TokenSlot slot = TokenSlot.find(cryptoki, selector);
            login = new TokenLogin(cryptoki, slot, pin, System::nanoTime);
            login.begin();
            Session session = Session.open(cryptoki, slot.slot(), false);
            try {
                return read(session, object(session, selector, name));
            } finally {
                session.close();
            }
        } catch (Pkcs11Exception e) {
            throw Failures.of(selector.toString(), e);
        } finally {
            if (login != null) {
                login.close();
            }
            TokenInventory.close(open);
        }
    }

    private static long object(Session session, TokenSelector selector, String name)
            throws HsmFailure, Pkcs11Exception {
        List<Long> found = objects(session, Attribute.of(Cka.LABEL, name.getBytes(StandardCharsets.UTF_8)));
        if (found.isEmpty() && name.length() % 2 == 0 && name.matches("[0-9a-fA-F]+")) {
            found = objects(session, Attribute.of(Cka.ID, HexFormat.of().parseHex(name)));
        }
        if (found.size() != 1) {
            throw new HsmFailure(
                    Kind.OUR_FAULT,
                    0,
                    (found.isEmpty() ? "no public key" : found.size() + " public keys") + " with label or id '" + name
                            + "' on " + selector);
        }
        return found.getFirst();
    }

    private static List<Long> objects(Session session, Attribute name) throws Pkcs11Exception {
        return session.find(List.of(Attribute.of(Cka.CLASS, Cko.PUBLIC_KEY), name));
    }

    private static byte[] read(Session session, long object) throws Pkcs11Exception, HsmFailure {
        byte[] modulus = session.attributeIfPresent(object, Cka.MODULUS);
        if (modulus != null && modulus.length > 0) {
            return PublicKeys.rsa(modulus, session.attribute(object, Cka.PUBLIC_EXPONENT))
                    .getEncoded();
        }
        byte[] parameters = session.attributeIfPresent(object, Cka.EC_PARAMS);
        for (EcCurve curve : EcCurve.values()) {
            if (parameters != null && Arrays.equals(parameters, curve.objectIdentifier())) {
                return PublicKeys.ec(curve, session.attribute(object, Cka.EC_POINT))
                        .getEncoded();
            }
        }
        throw new HsmFailure(Kind.UNSUPPORTED, 0, "the key is neither RSA nor on a NIST curve");
    }
}
