package dev.cardinal.bench.tune;

import dev.cardinal.bench.load.Suite;
import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.hsm.pool.TokenInventory;
import dev.cardinal.hsm.pool.TokenPool;
import dev.cardinal.hsm.pool.TokenSelector;
import dev.cardinal.hsm.pool.TokenSettings;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.TokenConfig;
import dev.cardinal.ike.daemon.ConfiguredPin;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A configured token, opened anew for each way of using it. */
final class TokenOnTrial {
    /** In flight at network HSMs 30 to 70 operations are the most that bring anything. */
    private static final int MOST_WORKERS = 64;

    private static final String CARD_MANUFACTURER = "Cardinal";

    private final Configuration configuration;
    private final TokenConfig config;
    private final Suite suite;
    private final boolean card;
    private final int mostWorkers;
    private @Nullable String initArgs;
    private String steps = "";

    private TokenOnTrial(Configuration configuration, TokenConfig config, Suite suite, boolean card, int mostWorkers) {
        this.configuration = configuration;
        this.config = config;
        this.suite = suite;
        this.card = card;
        this.mostWorkers = mostWorkers;
        this.initArgs = config.initArgs();
    }

    /** Asks the module what it is and how many sessions the token bears. No login. */
    static TokenOnTrial of(Configuration configuration, TokenConfig config, Suite suite) throws HsmFailure {
        TokenInventory inventory = TokenInventory.read(config.module(), config.initArgs());
        boolean card = inventory.module().manufacturer().equals(CARD_MANUFACTURER);
        // it computes on the threads that call it
        int most = card ? Runtime.getRuntime().availableProcessors() : MOST_WORKERS;
        TokenSelector selector = TokenSelector.of(config.token());
        for (TokenInventory.Slot slot : inventory.slots()) {
            TokenInventory.Token token = slot.token();
            if (token != null && selector.matches(token.info()) && token.info().maxSessions() > 0) {
                most = (int) Math.clamp(token.info().maxSessions() - 1, 1, most); // one session holds the login
            }
        }
        return new TokenOnTrial(configuration, config, suite, card, Math.min(most, TokenSettings.WORKER_LIMIT));
    }

    boolean isCard() {
        return card;
    }

    int mostWorkers() {
        return mostWorkers;
    }

    /** What {@code C_Initialize} is handed from now on. */
    void initialize(@Nullable String settings) {
        initArgs = settings;
    }

    /** What a handshake asks of the token, in words; empty before the first measurement. */
    String steps() {
        return steps;
    }

    /** Opens the token so, measures, and closes it. */
    Point measure(int workers, int batchLimit, int inFlight, Duration lead, Duration stretch)
            throws IOException, InterruptedException {
        Set<TokenConfig.Role> roles = config.roles();
        TokenSettings settings = TokenSettings.of(
                        config.module(), initArgs, TokenSelector.of(config.token()), pin(config.pin()))
                .withWorkers(workers)
                .withBatchLimit(batchLimit)
                .withAllowExtract(config.allowExtract())
                .withGroups(
                        roles.contains(TokenConfig.Role.KEY_EXCHANGE)
                                ? Set.of(Mix.group(suite.keyExchange()))
                                : Set.of());
        try (TokenPool pool = TokenPool.open(settings)) {
            boolean signs = roles.contains(TokenConfig.Role.SIGN)
                    && suite.authentication().hasCertificates();
            byte[] key = signs ? SubjectKeys.onToken(configuration, pool) : null;
            Mix mix = Mix.of(pool, suite, key);
            steps = mix.steps().stream()
                    .map(s -> s.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "));
            if (mix.key() != null) {
                steps += " with " + mix.key().uri();
            }
            return ClosedLoop.measure(pool, mix, workers, batchLimit, inFlight, lead, stretch);
        } catch (HsmFailure e) {
            throw new IOException("token " + config.name() + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable PinSource pin(TokenConfig.@Nullable PinPlace place) {
        return switch (place) {
            case null -> null;
            case TokenConfig.PinPlace.InFile file -> ConfiguredPin.inFile(file.file());
            case TokenConfig.PinPlace.InEnvironment environment -> ConfiguredPin.inEnvironment(environment.variable());
            case TokenConfig.PinPlace.InConfiguration written -> written.pin()::octets;
        };
    }
}
