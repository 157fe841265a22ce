package dev.cardinal.ike.daemon;

import dev.cardinal.hsm.HsmStatistics;
import dev.cardinal.ike.backend.CryptoRouter;
import dev.cardinal.ike.backend.JcaCryptoPort;
import dev.cardinal.ike.backend.KnownCertificates;
import dev.cardinal.ike.backend.PreparedKeyPairs;
import dev.cardinal.ike.backend.SystemRandom;
import dev.cardinal.ike.config.CardinalConf;
import dev.cardinal.ike.config.ConfigError;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.config.ConfiguredCredentials;
import dev.cardinal.ike.config.ConfiguredPolicies;
import dev.cardinal.ike.config.ConnectionConfig;
import dev.cardinal.ike.crypto.CryptoPort;
import dev.cardinal.ike.loop.AddressLeases;
import dev.cardinal.ike.loop.CookieSettings;
import dev.cardinal.ike.loop.LoopGroup;
import dev.cardinal.ike.loop.LoopPorts;
import dev.cardinal.ike.loop.LoopSettings;
import dev.cardinal.ike.loop.NoticeSink;
import dev.cardinal.ike.loop.SaFactory;
import dev.cardinal.ike.net.Endpoint;
import dev.cardinal.ike.net.ListenSettings;
import dev.cardinal.ike.observe.NoticeCounters;
import dev.cardinal.ike.observe.NoticeLog;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SadPort;
import dev.cardinal.ike.sad.KeyLog;
import dev.cardinal.ike.sad.KeyLogSad;
import dev.cardinal.ike.sad.RecordingSad;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The IKE daemon, from a configuration to open sockets: the one place where everything is put together. Started by
 * {@link #start}, ended by {@link #close}; both block and are for the edge.
 */
public final class Daemon implements AutoCloseable {
    /** How long the deletion of the SAs may take when the daemon ends. */
    public static final Duration FAREWELL = Duration.ofSeconds(2);

    /** Requests that may wait for the host device, for each urgency. */
    private static final int HOST_QUEUE_LIMIT = 4096;

    private static final Logger log = LoggerFactory.getLogger(Daemon.class);

    private final Configuration configuration;
    private final ConfiguredPolicies policies;
    private final OpenTokens tokens;
    private final CryptoRouter crypto;
    private final LoopGroup loops;
    private final NoticeCounters counters;
    /** What is to be closed, the last opened first. */
    private final Deque<AutoCloseable> opened;

    private boolean closed;

    private Daemon(
            Configuration configuration,
            ConfiguredPolicies policies,
            OpenTokens tokens,
            CryptoRouter crypto,
            LoopGroup loops,
            NoticeCounters counters,
            Deque<AutoCloseable> opened) {
        this.configuration = configuration;
        this.policies = policies;
        this.tokens = tokens;
        this.crypto = crypto;
        this.loops = loops;
        this.counters = counters;
        this.opened = opened;
    }

    /**
     * Opens tokens, finds keys, opens sockets.
     *
     * @param configuration valid; passes to the daemon, which closes it, also where it does not start
     * @throws StartFailure with a line for each thing that is wrong
     */
    public static Daemon start(Configuration configuration) throws StartFailure {
        return start(configuration, UnaryOperator.identity());
    }

    /**
     * The same for benchmarks.
     *
     * @param devices stands between the loops and the devices
     */
    public static Daemon start(Configuration configuration, UnaryOperator<CryptoPort> devices) throws StartFailure {
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        opened.push(configuration);
        try {
            return start(configuration, devices, opened);
        } catch (StartFailure e) {
            closeAll(opened);
            throw e;
        } catch (RuntimeException e) {
            closeAll(opened);
            log.debug("the daemon did not start", e);
            throw new StartFailure("internal error: " + e);
        }
    }

    private static Daemon start(
            Configuration configuration, UnaryOperator<CryptoPort> devices, Deque<AutoCloseable> opened)
            throws StartFailure {
        CardinalConf cardinal = configuration.cardinal();
        int processors = Runtime.getRuntime().availableProcessors();

        // tokens and the host device
        OpenTokens tokens = OpenTokens.open(configuration);
        opened.push(tokens);
        KnownCertificates known = cardinal.certificateCache() ? KnownCertificates.kept() : KnownCertificates.none();
        JcaCryptoPort host = new JcaCryptoPort(
                processors, HOST_QUEUE_LIMIT, new SystemRandom(), Clock.systemUTC(), System::nanoTime, known);
        opened.push(host);
        CryptoRouter crypto = new CryptoRouter(
                host,
                tokens.all().stream()
                        .map(t -> new CryptoRouter.Token(
                                t.port(),
                                t.config().roles().contains(dev.cardinal.ike.config.TokenConfig.Role.KEY_EXCHANGE)))
                        .toList(),
                Clock.systemUTC(),
                known);
        PreparedKeyPairs keyPairs = new PreparedKeyPairs(
                devices.apply(crypto), System::nanoTime, cardinal.saSettings().tokenDeadlineNanos());
        opened.push(keyPairs);

        // who we are, whom we trust
        ConfigErrors errors = new ConfigErrors();
        ConfiguredCredentials credentials = ConfiguredCredentials.of(configuration, tokens, errors);
        if (!errors.isEmpty()) {
            throw new StartFailure(
                    errors.list().stream().map(ConfigError::toString).toList());
        }
        ConfiguredPolicies policies = new ConfiguredPolicies(configuration.connections().stream()
                .map(ConnectionConfig::policy)
                .toList());

        // where Child SAs go, and the debug key log before it
        SadPort sad = new RecordingSad();
        KeyLog keyLog = openKeyLog(cardinal.keyLog());
        if (keyLog != null) {
            opened.push(keyLog);
            sad = new KeyLogSad(sad, keyLog);
        }

        // what is said about it all
        NoticeLog noticeLog = NoticeLog.start();
        opened.push(noticeLog);
        NoticeCounters counters = new NoticeCounters();
        NoticeSink notices = counters.and(noticeLog);

        // the loops
        LoopSettings settings = LoopSettings.of(
                        cardinal.loops() == 0 ? processors : cardinal.loops(),
                        new ListenSettings(cardinal.listen(), cardinal.port(), cardinal.natTPort()))
                .with(new CookieSettings(
                        cardinal.cookieThreshold(), cardinal.cookieThresholdPerAddress(), cardinal.blockThreshold()))
                .with(cardinal.saSettings());
        LoopGroup loops = new LoopGroup(
                settings,
                new LoopPorts(
                        SystemRandom::new,
                        keyPairs,
                        sad,
                        policies,
                        credentials,
                        new AddressLeases(configuration.pools()),
                        notices,
                        SaFactory.both(),
                        keyLog));
        opened.push(loops);
        try {
            loops.start();
        } catch (IOException e) {
            throw new StartFailure(String.valueOf(e.getMessage()));
        }
        configuration.warnings().forEach(warning -> log.warn("{}", warning));
        // said only now: a daemon that finds its port in use says nothing but that
        crypto.capabilities().forEach(line -> log.info("{}", line));
        for (Endpoint endpoint : loops.localEndpoints()) {
            log.info("listening on {}", endpoint);
        }
        return new Daemon(configuration, policies, tokens, crypto, loops, counters, opened);
    }

    private static @Nullable KeyLog openKeyLog(@Nullable Path path) throws StartFailure {
        if (path == null) {
            return null;
        }
        try {
            KeyLog keyLog = KeyLog.open(path);
            log.warn(
                    "KEY LOG: every key is written to {}: whoever reads it reads the traffic. Never in service.", path);
            return keyLog;
        } catch (IOException e) {
            throw new StartFailure("key_log: " + path + " cannot be made: " + e.getMessage());
        }
    }

    public Configuration configuration() {
        return configuration;
    }

    public ConfiguredPolicies policies() {
        return policies;
    }

    public LoopGroup loops() {
        return loops;
    }

    /** The sockets, a pair for each local address. */
    public List<Endpoint> endpoints() {
        return loops.localEndpoints();
    }

    /** What each device has done. */
    public List<CryptoRouter.Count> operations() {
        return crypto.counts();
    }

    /** Counters of each token, by its section's name. */
    public Map<String, HsmStatistics> tokenStatistics() {
        Map<String, HsmStatistics> statistics = new LinkedHashMap<>();
        tokens.all().forEach(t -> statistics.put(t.config().name(), t.pool().statistics()));
        return statistics;
    }

    public NoticeCounters counters() {
        return counters;
    }

    /** Initiates what the configuration says to start ({@code start_action = start}). */
    public void startConfigured() {
        for (PeerPolicy policy : policies.all()) {
            for (ChildPolicy child : policy.children()) {
                if (child.startAction() == ChildPolicy.StartAction.START) {
                    loops.initiate(policy, child).whenComplete((initiated, failure) -> {
                        if (failure != null) {
                            log.warn(
                                    "{}: {} was not established: {}",
                                    policy.name(),
                                    child.name(),
                                    failure.getMessage());
                        }
                    });
                }
            }
        }
    }

    /** Deletes the SAs, for which the peers have {@link #FAREWELL}, and gives everything back. Closing twice is harmless. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        int left = loops.terminateAll(FAREWELL);
        if (left > 0) {
            log.warn("{} IKE SAs ended without the peer's agreement", left);
        }
        closeAll(opened);
    }

    private static void closeAll(Deque<AutoCloseable> opened) {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                log.warn("while ending: {}", e.toString());
            }
        }
    }
}
