package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.KeyExchangeGroup;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one token is used.
 *
 * @param module the PKCS#11 module's file
 * @param initArgs what {@code pReserved} of {@code C_Initialize} points to, null for none
 * @param token which of the module's tokens
 * @param pin the PIN's source; null where the token needs no login or takes the PIN at the device
 * @param workers threads with a session each; 0: the smaller of 8, or the number of processors where the module takes
 *     batches, and the token's session limit less one
 * @param queueLimits bounds of the queues
 * @param batchLimit requests one worker takes at once, at least 1
 * @param allowExtract whether shared secrets may leave the token: needed where a derivation cannot be done on it
 * @param groups groups to be tried, with a self-test each, when the token is opened
 */
public record TokenSettings(
        Path module,
        @Nullable String initArgs,
        TokenSelector token,
        @Nullable PinSource pin,
        int workers,
        QueueLimits queueLimits,
        int batchLimit,
        boolean allowExtract,
        Set<KeyExchangeGroup> groups) {

    /** More sessions than any HSM is known to profit from. */
    public static final int WORKER_LIMIT = 256;

    /** Requests that may wait, by urgency. */
    public record QueueLimits(int begun, int established, int unknown) {
        public QueueLimits {
            if (begun < 1 || established < 1 || unknown < 1) {
                throw new IllegalArgumentException("a queue limit is below 1");
            }
        }
    }

    public TokenSettings {
        if (workers < 0 || workers > WORKER_LIMIT) {
            throw new IllegalArgumentException("workers must be 0 to " + WORKER_LIMIT);
        }
        if (batchLimit < 1) {
            throw new IllegalArgumentException("the batch limit is below 1");
        }
        groups = Set.copyOf(groups);
    }

    /** The defaults: workers by the token, all groups, nothing extracted. */
    public static TokenSettings of(
            Path module, @Nullable String initArgs, TokenSelector token, @Nullable PinSource pin) {
        return new TokenSettings(
                module,
                initArgs,
                token,
                pin,
                0,
                new QueueLimits(4096, 2048, 1024),
                64,
                false,
                EnumSet.allOf(KeyExchangeGroup.class));
    }

    public TokenSettings withWorkers(int count) {
        return new TokenSettings(module, initArgs, token, pin, count, queueLimits, batchLimit, allowExtract, groups);
    }

    public TokenSettings withQueueLimits(QueueLimits limits) {
        return new TokenSettings(module, initArgs, token, pin, workers, limits, batchLimit, allowExtract, groups);
    }

    public TokenSettings withBatchLimit(int limit) {
        return new TokenSettings(module, initArgs, token, pin, workers, queueLimits, limit, allowExtract, groups);
    }

    public TokenSettings withAllowExtract(boolean allow) {
        return new TokenSettings(module, initArgs, token, pin, workers, queueLimits, batchLimit, allow, groups);
    }

    public TokenSettings withGroups(Set<KeyExchangeGroup> wanted) {
        return new TokenSettings(module, initArgs, token, pin, workers, queueLimits, batchLimit, allowExtract, wanted);
    }
}
