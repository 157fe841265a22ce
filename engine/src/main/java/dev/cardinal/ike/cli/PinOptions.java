package dev.cardinal.ike.cli;

import dev.cardinal.hsm.pool.PinSource;
import dev.cardinal.ike.daemon.ConfiguredPin;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where a PIN is. A PIN on a command line would be seen by every user of the machine. */
final class PinOptions {
    @Option(names = "--pin-file", paramLabel = "FILE", description = "File whose first line is the PIN.")
    private @Nullable Path file;

    @Option(names = "--pin-env", paramLabel = "NAME", description = "Environment variable that holds the PIN.")
    private @Nullable String variable;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    /** Null where none was given. */
    @Nullable
    PinSource source() {
        if (file != null && variable != null) {
            throw new ParameterException(command.commandLine(), "either --pin-file or --pin-env");
        }
        if (file != null) {
            return ConfiguredPin.inFile(file);
        }
        return variable == null ? null : ConfiguredPin.inEnvironment(variable);
    }
}
