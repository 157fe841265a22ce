package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Mechanism;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;

/**
 * A private key as a token's object.
 *
 * @param handle in PKCS#11
 * @param alwaysAuthenticate whether the key wants a login for each use, {@code CKA_ALWAYS_AUTHENTICATE}
 * @param maySign {@code CKA_SIGN}
 * @param mayDecrypt {@code CKA_DECRYPT}
 */
record KeyObject(long handle, boolean alwaysAuthenticate, boolean maySign, boolean mayDecrypt) {

    static KeyObject of(Session session, long handle) throws Pkcs11Exception {
        return new KeyObject(
                handle,
                flag(session, handle, Cka.ALWAYS_AUTHENTICATE),
                flag(session, handle, Cka.SIGN),
                flag(session, handle, Cka.DECRYPT));
    }

    private static boolean flag(Session session, long handle, long attribute) throws Pkcs11Exception {
        byte[] flag = session.attributeIfPresent(handle, attribute);
        return flag != null && flag.length > 0 && flag[0] != 0;
    }

    byte[] sign(Session session, TokenLogin login, Signatures.Call call) throws Pkcs11Exception, HsmFailure {
        session.cryptoki().signInit(session.handle(), call.mechanism(), handle);
        authenticate(session, login);
        return session.cryptoki().sign(session.handle(), call.data(), call.maxLength());
    }

    /** RSA with the padding of PKCS#1 v1.5. */
    Cryptoki.Decryption decrypt(Session session, TokenLogin login, byte[] ciphertext, int maxLength)
            throws Pkcs11Exception, HsmFailure {
        session.cryptoki().decryptInit(session.handle(), Mechanism.of(Ckm.RSA_PKCS), handle);
        authenticate(session, login);
        return session.cryptoki().decrypt(session.handle(), ciphertext, maxLength);
    }

    private void authenticate(Session session, TokenLogin login) throws Pkcs11Exception, HsmFailure {
        if (alwaysAuthenticate) {
            login.authenticate(session);
        }
    }
}
