package dev.cardinal.ike.cli;

import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.daemon.Daemon;
import dev.cardinal.ike.daemon.StartFailure;
import dev.cardinal.ike.net.Endpoint;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code gateway}: the daemon in the foreground. */
@Command(
        name = "gateway",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the daemon in the foreground.",
            "Prints 'ready ADDRESS:PORT ADDRESS:PORT...' when it serves: IKE, then NAT-T, for each address. Logs to stderr.",
            "SIGTERM deletes the SAs, waits at most 2 s for the peers, and ends with 0."
        })
final class GatewayCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ConfigFolderOption config;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        try (Signals signals = Signals.watch();
                Daemon daemon = Daemon.start(config.read(Configuration.Ports.GATEWAY))) {
            PrintWriter out = spec.commandLine().getOut();
            out.println("ready "
                    + daemon.endpoints().stream().map(Endpoint::toString).collect(Collectors.joining(" ")));
            out.flush();
            daemon.startConfigured();
            signals.await();
            return CardinalCli.DONE;
        } catch (StartFailure e) {
            throw new CommandFailure(e.lines());
        }
    }
}
