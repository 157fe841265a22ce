package dev.cardinal.bench;

import dev.cardinal.bench.compare.CompareCommand;
import dev.cardinal.bench.decryption.DecryptionCommand;
import dev.cardinal.bench.load.HandshakesCommand;
import dev.cardinal.bench.overhead.OverheadCommand;
import dev.cardinal.bench.results.ResultsCommand;
import dev.cardinal.bench.scale.ScaleCommand;
import dev.cardinal.bench.storm.StormCommand;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The benchmarks that are no JMH. Exit codes: 0 done, 1 it could not be done, 2 wrong usage. */
@Command(
        name = "bench",
        description = "Load on a gateway in a process of its own, and what it costs there.",
        mixinStandardHelpOptions = true,
        subcommands = {
            HandshakesCommand.class,
            CompareCommand.class,
            OverheadCommand.class,
            StormCommand.class,
            ScaleCommand.class,
            DecryptionCommand.class,
            ResultsCommand.class
        })
public final class BenchCli implements Runnable {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, ready to execute. */
    static CommandLine commandLine() {
        return commandLine(new BenchCli());
    }

    /** A command of the benchmarks, ready to execute: what goes wrong is told in a line, with the exit codes above. */
    public static CommandLine commandLine(Object command) {
        CommandLine line = new CommandLine(command);
        line.setParameterExceptionHandler((e, arguments) -> {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage");
            System.err.println(
                    e.getCommandLine().getCommandSpec().qualifiedName() + ": " + message + " (--help tells more)");
            return USAGE;
        });
        line.setExecutionExceptionHandler((e, at, result) -> {
            String what = e instanceof IOException || e instanceof IllegalStateException
                    ? String.valueOf(e.getMessage())
                    : "internal error: " + e;
            System.err.println(at.getCommandSpec().qualifiedName() + ": " + what);
            return FAILED;
        });
        return line;
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "a subcommand is missing");
    }
}
