package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.HsmFailure.Kind;
import dev.cardinal.hsm.pkcs11.Attribute;
import dev.cardinal.hsm.pkcs11.Cka;
import dev.cardinal.hsm.pkcs11.Ckk;
import dev.cardinal.hsm.pkcs11.Ckm;
import dev.cardinal.hsm.pkcs11.Cko;
import dev.cardinal.hsm.pkcs11.Cryptoki;
import dev.cardinal.hsm.pkcs11.MechanismInfo;
import dev.cardinal.hsm.pkcs11.ModuleInfo;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Pkcs11Uri;
import dev.cardinal.hsm.pkcs11.Session;
import dev.cardinal.hsm.pkcs11.SlotInfo;
import dev.cardinal.hsm.pkcs11.TokenInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a module holds: slots, tokens, the mechanisms that matter to key exchange and signatures, keys and certificates.
 *
 * @param functionListVersion major and minor of the function list in use
 */
public record TokenInventory(ModuleInfo module, String functionListVersion, List<Slot> slots) {

    /** Objects listed of one class and token. */
    private static final int OBJECT_LIMIT = 10_000;

    /** @param token null where none is present, or it does not answer */
    public record Slot(long id, SlotInfo info, @Nullable Token token) {}

    /**
     * @param uri the token's RFC 7512 URI
     * @param loggedIn whether private objects could be seen
     */
    public record Token(
            TokenInfo info, String uri, List<MechanismReport> mechanisms, boolean loggedIn, List<KeyReport> keys) {}

    /** @param name as in the standard, with {@code CKM_} */
    public record MechanismReport(String name, MechanismInfo info) {}

    /**
     * @param uri the object's RFC 7512 URI
     * @param kind {@code private}, {@code public} or {@code cert}
     * @param keyType as in the standard, with {@code CKK_}; empty for certificates
     */
    public record KeyReport(String uri, String kind, String keyType) {}

    /**
     * Reads a module, without a login: private objects are then mostly hidden.
     *
     * @param initArgs as in {@link TokenSettings}
     */
    public static TokenInventory read(Path module, @Nullable String initArgs) throws HsmFailure {
        return read(module, initArgs, null, null);
    }

    /**
     * Reads a module and logs in to one of its tokens, with one try.
     *
     * @param selector the token to log in to, null for none
     * @param pin its PIN
     */
    public static TokenInventory read(
            Path module, @Nullable String initArgs, @Nullable TokenSelector selector, @Nullable PinSource pin)
            throws HsmFailure {
        Pkcs11Module open = module(module, initArgs);
        try {
            Cryptoki cryptoki = open.cryptoki();
            List<Slot> slots = new ArrayList<>();
            for (long slot : cryptoki.getSlotList(false)) {
                SlotInfo info = cryptoki.getSlotInfo(slot);
                slots.add(new Slot(slot, info, info.tokenPresent() ? token(cryptoki, slot, selector, pin) : null));
            }
            int version = cryptoki.functionListVersion();
            return new TokenInventory(cryptoki.getInfo(), (version >> 8) + "." + (version & 0xff), List.copyOf(slots));
        } catch (Pkcs11Exception e) {
            throw Failures.of(module.toString(), e);
        } finally {
            close(open);
        }
    }

    private static @Nullable Token token(
            Cryptoki cryptoki, long slot, @Nullable TokenSelector selector, @Nullable PinSource pin)
            throws HsmFailure, Pkcs11Exception {
        TokenInfo info;
        try {
            info = cryptoki.getTokenInfo(slot);
        } catch (Pkcs11Exception e) {
            return null;
        }
        List<MechanismReport> mechanisms = new ArrayList<>();
        for (long mechanism : cryptoki.getMechanismList(slot)) {
            if (Ckm.isNamed(mechanism)) {
                mechanisms.add(new MechanismReport(Ckm.nameOf(mechanism), cryptoki.getMechanismInfo(slot, mechanism)));
            }
        }
        List<KeyReport> keys = new ArrayList<>();
        boolean loggedIn = false;
        if (info.initialized() || !info.loginRequired()) {
            TokenLogin login = selector != null && selector.matches(info)
                    ? new TokenLogin(cryptoki, TokenSlot.find(cryptoki, selector), pin, System::nanoTime)
                    : null;
            try {
                if (login != null) {
                    login.begin();
                    loggedIn = info.loginRequired();
                }
                keys(cryptoki, slot, info, keys);
            } finally {
                if (login != null) {
                    login.close();
                }
            }
        }
        return new Token(
                info, Pkcs11Uri.ofToken(info).toString(), List.copyOf(mechanisms), loggedIn, List.copyOf(keys));
    }

    private static void keys(Cryptoki cryptoki, long slot, TokenInfo token, List<KeyReport> keys)
            throws Pkcs11Exception {
        Session session = Session.open(cryptoki, slot, false);
        try {
            report(session, token, Cko.PRIVATE_KEY, "private", keys);
            report(session, token, Cko.PUBLIC_KEY, "public", keys);
            report(session, token, Cko.CERTIFICATE, "cert", keys);
        } finally {
            session.close();
        }
    }

    private static void report(Session session, TokenInfo token, long type, String kind, List<KeyReport> keys)
            throws Pkcs11Exception {
        List<Long> objects = session.find(List.of(Attribute.of(Cka.CLASS, type), Attribute.of(Cka.TOKEN, true)));
        for (long object : objects.subList(0, Math.min(objects.size(), OBJECT_LIMIT))) {
            byte[] label = session.attributeIfPresent(object, Cka.LABEL);
            byte[] id = session.attributeIfPresent(object, Cka.ID);
            byte[] keyType = type == Cko.CERTIFICATE ? null : session.attributeIfPresent(object, Cka.KEY_TYPE);
            keys.add(new KeyReport(
                    Pkcs11Uri.ofObject(
                                    token, kind, label == null ? null : new String(label, StandardCharsets.UTF_8), id)
                            .toString(),
                    kind,
                    keyType == null ? "" : Ckk.nameOf(number(keyType))));
        }
    }

    /** A {@code CK_ULONG} as the module's machine stores it. */
    private static long number(byte[] value) {
        byte[] wide = new byte[Long.BYTES];
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        System.arraycopy(value, 0, wide, little ? 0 : wide.length - value.length, Math.min(value.length, wide.length));
        return ByteBuffer.wrap(wide).order(ByteOrder.nativeOrder()).getLong();
    }

    /** Opens a module, with what goes wrong as a failure that names it. */
    static Pkcs11Module module(Path path, @Nullable String initArgs) throws HsmFailure {
        try {
            return Pkcs11Module.open(path, initArgs);
        } catch (IOException e) {
            throw new HsmFailure(Kind.OUR_FAULT, 0, "PKCS#11 module " + path + ": " + e.getMessage());
        } catch (Pkcs11Exception e) {
            throw Failures.of("PKCS#11 module " + path, e);
        }
    }

    static void close(Pkcs11Module module) {
        try {
            module.close();
        } catch (Pkcs11Exception e) {
            // the module is not used any more; what it says to its end changes nothing
        }
    }
}
