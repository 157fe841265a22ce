package dev.cardinal.hsm.pkcs11;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session's handle with the functions that need one. Confined to one thread at a time: PKCS#11 allows one running
 * operation per session.
 */
public record Session(Cryptoki cryptoki, long slot, long handle) {

    /** Objects one search returns at most: a token with more keys of one kind and one name is misconfigured. */
    public static final int FIND_LIMIT = 100_000;

    private static final int FIND_CHUNK = 256;
    private static final int ATTRIBUTE_LIMIT = 8192;

    /** @param readWrite needed to make token objects only */
    public static Session open(Cryptoki cryptoki, long slot, boolean readWrite) throws Pkcs11Exception {
        long flags = Ckf.SERIAL_SESSION | (readWrite ? Ckf.RW_SESSION : 0);
        return new Session(cryptoki, slot, cryptoki.openSession(slot, flags));
    }

    /** Closes the session and destroys the session objects it made; a session that is gone already is no error. */
    public void close() {
        try {
            cryptoki.closeSession(handle);
        } catch (Pkcs11Exception e) {
            // gone, or the token is: nothing is left to close
        }
    }

    public boolean userLoggedIn() throws Pkcs11Exception {
        return cryptoki.getSessionInfo(handle).userLoggedIn();
    }

    /** The handles of all objects that match, at most {@link #FIND_LIMIT}. */
    public List<Long> find(List<Attribute> template) throws Pkcs11Exception {
        cryptoki.findObjectsInit(handle, template);
        List<Long> found = new ArrayList<>();
        try {
            long[] chunk;
            do {
                chunk = cryptoki.findObjects(handle, FIND_CHUNK);
                for (long object : chunk) {
                    found.add(object);
                }
            } while (chunk.length > 0 && found.size() < FIND_LIMIT);
        } finally {
            cryptoki.findObjectsFinal(handle);
        }
        return found;
    }

    public byte[] attribute(long object, long type) throws Pkcs11Exception {
        return cryptoki.getAttributeValue(handle, object, type, ATTRIBUTE_LIMIT);
    }

    /** The attribute, or null where the object has none or hides it. */
    public byte @Nullable [] attributeIfPresent(long object, long type) throws Pkcs11Exception {
        try {
            return attribute(object, type);
        } catch (Pkcs11Exception e) {
            if (e.ckr() == Ckr.ATTRIBUTE_TYPE_INVALID || e.ckr() == Ckr.ATTRIBUTE_SENSITIVE) {
                return null;
            }
            throw e;
        }
    }

    public void destroy(long object) throws Pkcs11Exception {
        cryptoki.destroyObject(handle, object);
    }
}
