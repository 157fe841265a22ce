package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Cku;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Makes a token out of an empty slot, as a demonstration or a test needs one; never touches an initialised token. */
public final class TokenInitialization {

    private static final Object ONE_AT_A_TIME = new Object();

    private TokenInitialization() {}

    /**
     * Initialises the first uninitialised token of a module and sets its user PIN.
     *
     * @param label at most 32 octets, not in use on another token of the module
     * @param soPin the security officer's PIN; stays the caller's
     * @param userPin the user's PIN; stays the caller's
     */
    public static void initialize(Path module, @Nullable String initArgs, String label, byte[] soPin, byte[] userPin)
            throws HsmFailure {
        Pkcs11Module open = TokenInventory.module(module, initArgs);
        try {
            synchronized (ONE_AT_A_TIME) {
                Cryptoki cryptoki = open.cryptoki();
                cryptoki.initToken(emptySlot(cryptoki, label), soPin, label);
                // the new token may have moved to another slot
                long slot = TokenSlot.find(cryptoki, new TokenSelector.ByLabel(label))
                        .slot();
                Session session = Session.open(cryptoki, slot, true);
                try {
                    cryptoki.login(session.handle(), Cku.SO, soPin);
                    try {
                        cryptoki.initPin(session.handle(), userPin);
                    } finally {
                        cryptoki.logout(session.handle());
                    }
                } finally {
                    session.close();
                }
            }
        } catch (Pkcs11Exception e) {
            throw Failures.of(label, e);
        } finally {
            TokenInventory.close(open);
        }
    }

    private static long emptySlot(Cryptoki cryptoki, String label) throws Pkcs11Exception, HsmFailure {
        long empty = -1;
        for (long slot : cryptoki.getSlotList(true)) {
            var token = cryptoki.getTokenInfo(slot);
            if (token.initialized() && token.label().equals(label)) {
                throw new HsmFailure(Kind.OUR_FAULT, 0, "a token labelled " + label + " exists already");
            }
            if (!token.initialized() && empty == -1) {
                empty = slot;
            }
        }
        if (empty == -1) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, "the module has no uninitialised token");
        }
        return empty;
    }
}
