package dev.cardinal.hsm.pkcs11;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions of PKCS#11 that are really used, by their names. Handles are the module's numbers; a function that does
 * not return {@code CKR_OK} throws, but for {@link #decrypt}.
 *
 * <p>Output buffers are sized by the caller: one call across the binding, not two. Off-heap memory is wiped when a call
 * returns; arrays given and returned belong to the caller.
 */
public interface Cryptoki {

    /** The handles of a fresh key pair. */
    record KeyPair(long publicKey, long privateKey) {}

    /** The version of the function list in use: 0x0228 for 2.40, 0x0300 for 3.0. */
    int functionListVersion();

    /**
     * {@code C_Initialize} with locking by the operating system.
     *
     * @param reserved the text that the reserved pointer leads to, for modules that take one, as NSS does; else null
     */
    void initialize(@Nullable String reserved) throws Pkcs11Exception;

    /** {@code C_Finalize}. No other call may be running. */
    void finish() throws Pkcs11Exception;

    ModuleInfo getInfo() throws Pkcs11Exception;

    long[] getSlotList(boolean tokenPresent) throws Pkcs11Exception;

    SlotInfo getSlotInfo(long slot) throws Pkcs11Exception;

    TokenInfo getTokenInfo(long slot) throws Pkcs11Exception;

    long[] getMechanismList(long slot) throws Pkcs11Exception;

    MechanismInfo getMechanismInfo(long slot, long mechanism) throws Pkcs11Exception;

    /** Erases what the token holds. */
    void initToken(long slot, byte[] soPin, String label) throws Pkcs11Exception;

    void initPin(long session, byte[] pin) throws Pkcs11Exception;

    long openSession(long slot, long flags) throws Pkcs11Exception;

    void closeSession(long session) throws Pkcs11Exception;

    SessionInfo getSessionInfo(long session) throws Pkcs11Exception;

    /**
     * {@code C_Login}.
     *
     * @param user one of {@link Cku}
     * @param pin null where the token has a protected authentication path
     */
    void login(long session, long user, byte @Nullable [] pin) throws Pkcs11Exception;

    void logout(long session) throws Pkcs11Exception;

    long createObject(long session, List<Attribute> template) throws Pkcs11Exception;

    void destroyObject(long session, long object) throws Pkcs11Exception;

    /**
     * One attribute of an object.
     *
     * @param maxLength octets of the buffer offered
     */
    byte[] getAttributeValue(long session, long object, long type, int maxLength) throws Pkcs11Exception;

    void findObjectsInit(long session, List<Attribute> template) throws Pkcs11Exception;

    long[] findObjects(long session, int max) throws Pkcs11Exception;

    void findObjectsFinal(long session) throws Pkcs11Exception;

    void digestInit(long session, Mechanism mechanism) throws Pkcs11Exception;

    byte[] digest(long session, byte[] data, int maxLength) throws Pkcs11Exception;

    void digestUpdate(long session, byte[] data) throws Pkcs11Exception;

    void digestKey(long session, long key) throws Pkcs11Exception;

    byte[] digestFinal(long session, int maxLength) throws Pkcs11Exception;

    void signInit(long session, Mechanism mechanism, long key) throws Pkcs11Exception;

    byte[] sign(long session, byte[] data, int maxLength) throws Pkcs11Exception;

    void decryptInit(long session, Mechanism mechanism, long key) throws Pkcs11Exception;

    /**
     * What {@code C_Decrypt} came to. Whether a ciphertext was one is a secret (its padding is the oracle of Bleichenbacher's
     * attack), hence this one function throws nothing: its return value is an answer like the octets, and takes the same way.
     *
     * @param rv one of {@link Ckr}
     * @param room all octets of the room offered, whatever was written there; a secret of the receiver's
     * @param length how many of them are plaintext, as the module tells: anything at all where {@code rv} is not {@code
     *     CKR_OK}
     */
    record Decryption(long rv, byte[] room, long length) {
        @Override
        public String toString() {
            return "Decryption[redacted]";
        }
    }

    /** @param maxLength octets of room for the plaintext */
    Decryption decrypt(long session, byte[] data, int maxLength);

    KeyPair generateKeyPair(
            long session, Mechanism mechanism, List<Attribute> publicTemplate, List<Attribute> privateTemplate)
            throws Pkcs11Exception;

    long deriveKey(long session, Mechanism mechanism, long baseKey, List<Attribute> template) throws Pkcs11Exception;

    byte[] generateRandom(long session, int length) throws Pkcs11Exception;

    /** The most lanes that one {@link #executeBatch} takes. */
    int BATCH_LIMIT = 1024;

    /** Whether the module offers the interface {@code "Vendor Cardinal Batch"} in a version 1.x. */
    boolean offersBatch();

    /**
     * {@code ExecuteBatch}: carries out independent operations in one call.
     *
     * @param lanes 1 to {@link #BATCH_LIMIT}
     * @return an outcome for each lane, in order
     * @throws Pkcs11Exception where the call as a whole failed: no lane was touched
     */
    List<Lane.Outcome> executeBatch(long session, List<Lane> lanes) throws Pkcs11Exception;
}
