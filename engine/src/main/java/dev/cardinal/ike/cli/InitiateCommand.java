package dev.cardinal.ike.cli;

import dev.cardinal.ike.config.Configuration;
import dev.cardinal.ike.daemon.Daemon;
import dev.cardinal.ike.daemon.StartFailure;
import dev.cardinal.ike.loop.Initiated;
import dev.cardinal.ike.observe.SaListing;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaSnapshot;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code initiate}: one configured SA, as a client. */
@Command(
        name = "initiate",
        mixinStandardHelpOptions = true,
        description = {
            "Establishes one configured SA as a client, from ports that the system chooses unless cardinal.conf names some.",
            "Prints the SA as 'swanctl --list-sas' does, and holds it until a signal."
        })
final class InitiateCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ConfigFolderOption config;

    @Option(names = "--child", paramLabel = "NAME", description = "The Child SA to establish, with its IKE SA.")
    private @Nullable String child;

    @Option(
            names = "--ike",
            paramLabel = "NAME",
            description = "The connection: where several have a child of that name, or alone for a childless IKE SA.")
    private @Nullable String connection;

    @Option(names = "--once", description = "Delete the SA once it is established, and end.")
    private boolean once;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** What to establish. */
    private record Wanted(PeerPolicy policy, @Nullable ChildPolicy child) {
        String name() {
            return child == null ? policy.name() : policy.name() + "/" + child.name();
        }
    }

    @Override
    public Integer call() {
        if (child == null && connection == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--child=NAME' or '--ike=NAME'");
        }
        Configuration configuration = config.read(Configuration.Ports.CLIENT);
        Wanted wanted;
        try {
            wanted = find(configuration);
        } catch (CommandFailure e) {
            configuration.close();
            throw e;
        }
        try (Signals signals = Signals.watch();
                Daemon daemon = Daemon.start(configuration)) {
            establish(daemon, wanted, signals);
            return CardinalCli.DONE;
        } catch (StartFailure e) {
            throw new CommandFailure(e.lines());
        }
    }

    private Wanted find(Configuration configuration) {
        List<Wanted> found = new ArrayList<>();
        for (var each : configuration.connections()) {
            PeerPolicy policy = each.policy();
            if (connection != null && !connection.equals(policy.name())) {
                continue;
            }
            if (child == null) {
                found.add(new Wanted(policy, null));
                continue;
            }
            for (ChildPolicy one : policy.children()) {
                if (one.name().equals(child)) {
                    found.add(new Wanted(policy, one));
                }
            }
        }
        String what = child == null ? "connection " + connection : "child " + child;
        if (found.isEmpty()) {
            throw new CommandFailure("cardinal initiate: no " + what + " in " + config.folder());
        }
        if (found.size() > 1) {
            throw new CommandFailure("cardinal initiate: several connections have a " + what + ", --ike chooses: "
                    + String.join(", ", found.stream().map(Wanted::name).toList()));
        }
        return found.getFirst();
    }

    private void establish(Daemon daemon, Wanted wanted, Signals signals) {
        CompletableFuture<Initiated> initiated = daemon.loops().initiate(wanted.policy(), wanted.child());
        try {
            CompletableFuture.anyOf(initiated, signals.received()).get();
            if (!initiated.isDone()) {
                throw new CommandFailure("cardinal initiate: " + wanted.name() + ": ended by a signal");
            }
            long spi = initiated.join().ownSpi();
            List<SaSnapshot> sas = daemon.loops().sas().get();
            PrintWriter out = spec.commandLine().getOut();
            for (SaSnapshot sa : sas) {
                if ((sa.initiator() ? sa.initiatorSpi() : sa.responderSpi()) == spi) {
                    out.print(SaListing.of(sa));
                }
            }
            out.flush();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new CommandFailure(
                    "cardinal initiate: " + wanted.name() + " was not established: " + cause.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure("cardinal initiate: " + wanted.name() + ": interrupted");
        }
        if (!once) {
            signals.await();
        }
    }
}
