package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmRequest.Substitute;
import dev.cardinal.hsm.pkcs11.Ckr;
import java.util.Arrays;

/**
 * What is answered for a ciphertext: its plaintext, or the substitute where the token refused it. The way is the same for
 * both, and for every code that a token may refuse with: no exception, no branch, the same allocations and copies. What is
 * left is the length of the answer, which a substitute has too.
 */
final class Plaintext {

    /**
     * Return values that say nothing of a ciphertext, for the session, the login, the token or the request is to blame.
     * {@code CKR_FUNCTION_FAILED}, elsewhere the word of a token that throttles, is not among them: tokens refuse broken
     * paddings with it.
     */
    private static final long[] OF_OURS = {
        Ckr.SESSION_HANDLE_INVALID,
        Ckr.SESSION_CLOSED,
        Ckr.OPERATION_NOT_INITIALIZED,
        Ckr.OPERATION_ACTIVE,
        Ckr.USER_NOT_LOGGED_IN,
        Ckr.OBJECT_HANDLE_INVALID,
        Ckr.KEY_HANDLE_INVALID,
        Ckr.TOKEN_NOT_PRESENT,
        Ckr.DEVICE_REMOVED,
        Ckr.SLOT_ID_INVALID,
        Ckr.TOKEN_NOT_RECOGNIZED,
        Ckr.PIN_EXPIRED,
        Ckr.SESSION_COUNT,
        Ckr.TOKEN_RESOURCE_EXCEEDED,
        Ckr.DEVICE_MEMORY,
        Ckr.KEY_FUNCTION_NOT_PERMITTED,
        Ckr.KEY_TYPE_INCONSISTENT,
        Ckr.MECHANISM_INVALID,
        Ckr.FUNCTION_NOT_SUPPORTED,
        Ckr.CRYPTOKI_NOT_INITIALIZED
    };

    private Plaintext() {}

    /** Whether a decryption failed for a reason that has nothing to do with the ciphertext. */
    static boolean isFailure(long rv) {
        boolean found = false;
        for (long code : OF_OURS) {
            found |= rv == code;
        }
        return found;
    }

    /**
     * The answer.
     *
     * @param rv of the decryption
     * @param room what the token wrote, which is wiped
     * @param length of the plaintext in it, as the token told
     * @param substitute with at least as many octets as the room
     */
    static byte[] of(long rv, byte[] room, long length, Substitute substitute) {
        byte[] instead = substitute.octets();
        byte[] block = Arrays.copyOf(room, instead.length);
        Arrays.fill(room, (byte) 0);
        // all ones where the token decrypted, and told a length that can be
        long good = ~((rv | -rv) >> 63) & ~(length >> 63) & ~((room.length - length) >> 63);
        int mask = (int) good;
        int chosen = (int) length & mask | substitute.length() & ~mask;
        byte[] answer = new byte[chosen];
        for (int i = 0; i < chosen; i++) {
            answer[i] = (byte) (block[i] & mask | instead[i] & ~mask);
        }
        Arrays.fill(block, (byte) 0);
        return answer;
    }
}
