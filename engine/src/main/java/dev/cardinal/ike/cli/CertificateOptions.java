package dev.cardinal.ike.cli;

import java.util.ArrayList;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Names in certificates, and where the result goes. */
final class CertificateOptions {
    @Option(
            names = "--san",
            paramLabel = "KIND:NAME",
            description = "A subject alternative name: dns:HOST, ip:ADDRESS or email:USER@HOST. May be repeated.")
    private List<String> names = new ArrayList<>();

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private OutputOption output;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec command;

    /** Null where none was given. */
    @Nullable
    GeneralNames names() {
        List<GeneralName> all = new ArrayList<>();
        for (String text : names) {
            int colon = text.indexOf(':');
            String kind = colon < 0 ? "" : text.substring(0, colon);
            String name = text.substring(colon + 1);
            int tag = switch (kind) {
                case "dns" -> GeneralName.dNSName;
                case "ip" -> GeneralName.iPAddress;
                case "email" -> GeneralName.rfc822Name;
                default ->
                    throw new ParameterException(
                            command.commandLine(), "--san '" + text + "': dns:, ip: or email: was expected");
            };
            try {
                all.add(new GeneralName(tag, name));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(command.commandLine(), "--san '" + text + "': " + e.getMessage());
            }
        }
        return all.isEmpty() ? null : new GeneralNames(all.toArray(GeneralName[]::new));
    }

    /** A distinguished name as RFC 4514 writes it. */
    X500Name distinguishedName(String text) {
        try {
            return X500Name.getInstance(new X500Principal(text).getEncoded());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--dn '" + text + "': " + e.getMessage());
        }
    }

    /** PEM of a request or a certificate; an existing file is never overwritten. */
    void write(Object object) {
        output.write(object);
    }
}
