package dev.cardinal.ike.cli;

import dev.cardinal.ike.config.ConfigError;
import dev.cardinal.ike.config.Configuration;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code check}: every error of a configuration. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Reads a configuration without starting anything: every error is printed as 'file:line: key: message'.",
            "What works and should give pause is printed the same way after 'warning: '.",
            "Tokens are not opened; whether a key is on one shows when the gateway starts."
        })
final class CheckCommand implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ConfigFolderOption config;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Configuration configuration = config.read(Configuration.Ports.GATEWAY)) {
            for (ConfigError warning : configuration.warnings()) {
                out.println("warning: " + warning);
            }
            out.println("configuration is valid");
            return CardinalCli.DONE;
        } catch (CommandFailure e) {
            e.lines().forEach(out::println); // what was asked for, and therefore on stdout
            return CardinalCli.FAILED;
        } finally {
            out.flush();
        }
    }
}
