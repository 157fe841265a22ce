package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes lasting key pairs on a token. Private keys are born there, sensitive and not extractable. Holds a read-write
 * session and a login; for one thread.
 */
public final class KeyGeneration implements AutoCloseable {

    private static final byte[] PUBLIC_EXPONENT = {1, 0, 1};
    private static final byte[] ED25519_IDENTIFIER = HexFormat.of().parseHex("06032b6570");

    /** SoftHSM knows the curve by its name only. */
    private static final byte[] ED25519_NAME = HexFormat.of().parseHex("130c656477617264733235353139");

    private final Pkcs11Module module;
    private final TokenLogin login;
    private final Session session;
    private final String label;
    private final boolean privateObjects;

    private KeyGeneration(
            Pkcs11Module module, TokenLogin login, Session session, String label, boolean privateObjects) {
        this.module = module;
        this.login = login;
        this.session = session;
        this.label = label;
        this.privateObjects = privateObjects;
    }

    /** Opens a token for key generation, with one try of the PIN. */
    public static KeyGeneration open(
            Path module, @Nullable String initArgs, TokenSelector selector, @Nullable PinSource pin) throws HsmFailure {
        Pkcs11Module open = TokenInventory.module(module, initArgs);
        TokenLogin login = null;
        boolean opened = false;
        try {
            Cryptoki cryptoki = open.cryptoki();
            TokenSlot slot = TokenSlot.find(cryptoki, selector);
            login = new TokenLogin(cryptoki, slot, pin, System::nanoTime);
            login.begin();
            Session session = Session.open(cryptoki, slot.slot(), true);
            opened = true;
            return new KeyGeneration(
                    open, login, session, slot.token().label(), slot.token().loginRequired());
        } catch (Pkcs11Exception e) {
            throw Failures.of(selector.toString(), e);
        } finally {
            if (!opened) {
                if (login != null) {
                    login.close();
                }
                TokenInventory.close(open);
            }
        }
    }

    /**
     * An RSA key pair for signatures and decryption.
     *
     * @param keyLabel {@code CKA_LABEL} of both objects
     * @param id {@code CKA_ID} of both objects
     * @param bits of the modulus
     * @return DER of the {@code SubjectPublicKeyInfo}
     */
    public byte[] generateRsaKeyPair(String keyLabel, byte[] id, int bits) throws HsmFailure {
        return generateRsa(keyLabel, id, bits, true, true);
    }

    /** An RSA key pair for signatures alone; parameters and result as {@link #generateRsaKeyPair}. */
    public byte[] generateRsaSigningKeyPair(String keyLabel, byte[] id, int bits) throws HsmFailure {
        return generateRsa(keyLabel, id, bits, true, false);
    }

    /** An RSA key pair for decryption alone; parameters and result as {@link #generateRsaKeyPair}. */
    public byte[] generateRsaDecryptionKeyPair(String keyLabel, byte[] id, int bits) throws HsmFailure {
        return generateRsa(keyLabel, id, bits, false, true);
    }

    private byte[] generateRsa(String keyLabel, byte[] id, int bits, boolean signs, boolean decrypts)
            throws HsmFailure {
        try {
            Cryptoki.KeyPair pair = generate(
                    Ckm.RSA_PKCS_KEY_PAIR_GEN,
                    keyLabel,
                    id,
                    List.of(
                            Attribute.of(Cka.MODULUS_BITS, bits),
                            Attribute.of(Cka.PUBLIC_EXPONENT, PUBLIC_EXPONENT),
                            Attribute.of(Cka.VERIFY, signs),
                            Attribute.of(Cka.ENCRYPT, decrypts)),
                    List.of(Attribute.of(Cka.SIGN, signs), Attribute.of(Cka.DECRYPT, decrypts)));
            return PublicKeys.rsa(
                            session.attribute(pair.publicKey(), Cka.MODULUS),
                            session.attribute(pair.publicKey(), Cka.PUBLIC_EXPONENT))
                    .getEncoded();
        } catch (Pkcs11Exception e) {
            throw Failures.of(label, e);
        }
    }

    /** An EC key pair for signatures; parameters and result as {@link #generateRsaKeyPair}. */
    public byte[] generateEcKeyPair(String keyLabel, byte[] id, EcCurve curve) throws HsmFailure {
        try {
            Cryptoki.KeyPair pair = generate(
                    Ckm.EC_KEY_PAIR_GEN,
                    keyLabel,
                    id,
                    List.of(Attribute.of(Cka.EC_PARAMS, curve.objectIdentifier()), Attribute.of(Cka.VERIFY, true)),
                    List.of(Attribute.of(Cka.SIGN, true)));
            return PublicKeys.ec(curve, session.attribute(pair.publicKey(), Cka.EC_POINT))
                    .getEncoded();
        } catch (Pkcs11Exception e) {
            throw Failures.of(label, e);
        }
    }

    /** An Ed25519 key pair; parameters and result as {@link #generateRsaKeyPair}. */
    public byte[] generateEd25519KeyPair(String keyLabel, byte[] id) throws HsmFailure {
        try {
            Cryptoki.KeyPair pair = null;
            Pkcs11Exception refused = null;
            for (byte[] curve : List.of(ED25519_IDENTIFIER, ED25519_NAME)) {
                try {
                    pair = generate(
                            Ckm.EC_EDWARDS_KEY_PAIR_GEN,
                            keyLabel,
                            id,
                            List.of(Attribute.of(Cka.EC_PARAMS, curve), Attribute.of(Cka.VERIFY, true)),
                            List.of(Attribute.of(Cka.SIGN, true)));
                    break;
                } catch (Pkcs11Exception e) {
                    refused = e;
                }
            }
            if (refused != null && pair == null) {
                throw refused;
            }
            if (pair == null) {
                throw new AssertionError("no form of the curve was tried");
            }
            return PublicKeys.ed25519(session.attribute(pair.publicKey(), Cka.EC_POINT))
                    .getEncoded();
        } catch (Pkcs11Exception e) {
            throw Failures.of(label, e);
        }
    }

    private Cryptoki.KeyPair generate(
            long mechanism, String keyLabel, byte[] id, List<Attribute> ofPublic, List<Attribute> ofPrivate)
            throws Pkcs11Exception, HsmFailure {
        if (id.length == 0) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, "a lasting key needs an id");
        }
        byte[] name = keyLabel.getBytes(StandardCharsets.UTF_8);
        List<Attribute> publicTemplate = new ArrayList<>(List.of(
                Attribute.of(Cka.TOKEN, true),
                Attribute.of(Cka.PRIVATE, false),
                Attribute.of(Cka.LABEL, name),
                Attribute.of(Cka.ID, id)));
        publicTemplate.addAll(ofPublic);
        List<Attribute> privateTemplate = new ArrayList<>(List.of(
                Attribute.of(Cka.TOKEN, true),
                Attribute.of(Cka.PRIVATE, privateObjects),
                Attribute.of(Cka.LABEL, name),
                Attribute.of(Cka.ID, id),
                Attribute.of(Cka.SENSITIVE, true),
                Attribute.of(Cka.EXTRACTABLE, false)));
        privateTemplate.addAll(ofPrivate);
        return session.cryptoki()
                .generateKeyPair(session.handle(), Mechanism.of(mechanism), publicTemplate, privateTemplate);
    }

    @Override
    public void close() {
        session.close();
        login.close();
        TokenInventory.close(module);
    }
}
