package dev.cardinal.ike.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where PEM goes. */
final class OutputOption {
    @Option(names = "--out", paramLabel = "FILE", description = "Writes PEM to a new file instead of stdout.")
    private @Nullable Path out;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    /** PEM of a request, a certificate or a public key; an existing file is never overwritten. */
    void write(Object object) {
        StringWriter pem = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(pem)) {
            writer.writeObject(object);
        } catch (IOException e) {
            throw new CommandFailure(command.qualifiedName() + ": " + e.getMessage());
        }
        Path file = out;
        if (file == null) {
            PrintWriter stdout = command.commandLine().getOut();
            stdout.print(pem);
            stdout.flush();
            return;
        }
        try {
            Files.writeString(
                    file, pem.toString(), StandardCharsets.US_ASCII, java.nio.file.StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
            throw new CommandFailure(command.qualifiedName() + ": " + file + " cannot be made: " + e.getMessage());
        }
    }
}
