package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmRequest;
import dev.cardinal.hsm.KeyExchangeGroup;
import dev.cardinal.hsm.SignatureMechanism;

/**
 * What a module computes side by side in vector lanes: operations of one kind. Each kind has a number and a name; both are
 * known without making an object for a request.
 */
final class LaneKind {
    private static final String[] OPERATIONS = {"sign", "verify", "generate", "agree", "generate-agree", "other"};

    /** More than any operation has algorithms. */
    private static final int ALGORITHMS = 16;

    /** Numbers are below. */
    static final int COUNT = OPERATIONS.length * ALGORITHMS;

    private static final int SIGN = 0;
    private static final int VERIFY = ALGORITHMS;
    private static final int GENERATE = 2 * ALGORITHMS;
    private static final int AGREE = 3 * ALGORITHMS;
    private static final int GENERATE_AND_AGREE = 4 * ALGORITHMS;

    /** What is never computed side by side. */
    static final int OTHER = 5 * ALGORITHMS;

    private LaneKind() {}

    static int of(HsmRequest request) {
        return switch (request) {
            case HsmRequest.Sign sign -> SIGN + sign.mechanism().ordinal();
            case HsmRequest.Verify verify -> VERIFY + verify.mechanism().ordinal();
            case HsmRequest.Generate generate -> GENERATE + generate.group().ordinal();
            case HsmRequest.Agree agree ->
                agree.handle() instanceof KeyExchangeHandle handle
                        ? AGREE + handle.group().ordinal()
                        : OTHER;
            case HsmRequest.GenerateAndAgree both ->
                GENERATE_AND_AGREE + both.group().ordinal();
            case HsmRequest.Decrypt decrypt -> OTHER;
            case HsmRequest.Random random -> OTHER;
            case HsmRequest.Derive derive -> OTHER;
        };
    }

    /** Such as {@code sign RSA_PKCS1_SHA256} or {@code agree X25519}. */
    static String name(int kind) {
        String operation = OPERATIONS[kind / ALGORITHMS];
        int algorithm = kind % ALGORITHMS;
        return switch (kind / ALGORITHMS) {
            case 0, 1 -> operation + " " + SignatureMechanism.values()[algorithm];
            case 2, 3, 4 -> operation + " " + KeyExchangeGroup.values()[algorithm];
            default -> operation;
        };
    }
}
