package dev.cardinal.ike.cli;

import dev.cardinal.ike.config.ConfigError;
import dev.cardinal.ike.config.ConfigErrors;
import dev.cardinal.ike.config.Configuration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option {@code --config}, and how the folder behind it is read. */
final class ConfigFolderOption {
    @Option(
            names = "--config",
            required = true,
            paramLabel = "DIR",
            description = "Folder with swanctl.conf, cardinal.conf and the folders x509, x509ca, x509crl and private.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path folder;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    Path folder() {
        return folder;
    }

    /** Reads the folder; every fault is a line of the failure. */
    Configuration read(Configuration.Ports ports) {
        if (!Files.isDirectory(folder)) {
            throw new ParameterException(command.commandLine(), "no such folder: " + folder);
        }
        ConfigErrors errors = new ConfigErrors();
        Configuration configuration = Configuration.read(folder, ports, errors);
        if (errors.isEmpty()) {
            return configuration;
        }
        configuration.close();
        List<String> lines = new ArrayList<>(
                errors.list().stream().map(ConfigError::toString).toList());
        if (errors.more() > 0) {
            lines.add("and " + errors.more() + " more");
        }
        errors.warnings().forEach(warning -> lines.add("warning: " + warning));
        throw new CommandFailure(lines);
    }
}
