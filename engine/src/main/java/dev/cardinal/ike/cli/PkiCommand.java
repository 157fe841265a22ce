package dev.cardinal.ike.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pki}: requests and certificates over keys on tokens and in files. */
@Command(
        name = "pki",
        mixinStandardHelpOptions = true,
        description = "Makes certificate requests and certificates; the keys stay where they are.")
final class PkiCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a subcommand is missing: csr, self-sign or issue");
    }
}
