package dev.cardinal.ike.config;

import dev.cardinal.ike.sa.AddressPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code swanctl.conf} says, already valid.
 *
 * @param sharedKeys pre-shared keys, in order
 * @param passwords of XAUTH users, in order
 * @param tokenSecrets keys on tokens and their PINs
 * @param passphrases of key files, by file
 */
record SwanctlConf(
        List<ConnectionConfig> connections,
        List<AddressPool> pools,
        List<SharedKey> sharedKeys,
        List<UserPassword> passwords,
        List<TokenSecret> tokenSecrets,
        Map<Path, Passphrase> passphrases) {

    /** Connections and children read. */
    static final int CONNECTION_LIMIT = 100_000;

    SwanctlConf {
        connections = List.copyOf(connections);
        pools = List.copyOf(pools);
        sharedKeys = List.copyOf(sharedKeys);
        passwords = List.copyOf(passwords);
        tokenSecrets = List.copyOf(tokenSecrets);
        passphrases = Map.copyOf(passphrases);
    }

    /**
     * What connections and secrets depend on.
     *
     * @param pools names of the address pools
     */
    record Surroundings(Path folder, CardinalConf cardinal, CertificateFolders certificates, Set<String> pools) {}

    static SwanctlConf read(
            ConfigSection tree,
            Path folder,
            CardinalConf cardinal,
            CertificateFolders certificates,
            ConfigErrors errors) {
        SectionReader root = new SectionReader(tree, errors);
        List<AddressPool> pools = PoolReader.read(root.child("pools"));
        Surroundings around = new Surroundings(
                folder,
                cardinal,
                certificates,
                pools.stream().map(AddressPool::name).collect(Collectors.toSet()));
        List<ConnectionConfig> connections = new ArrayList<>();
        SectionReader section = root.child("connections");
        if (section != null) {
            for (SectionReader connection : section.children()) {
                if (connections.size() == CONNECTION_LIMIT) {
                    section.error("more than " + CONNECTION_LIMIT + " connections");
                    break;
                }
                connections.add(new ConnectionReader(connection, around).read());
            }
            section.finish();
        }
        SecretsReader secrets = new SecretsReader(around);
        section = root.child("secrets");
        if (section != null) {
            secrets.read(section);
        }
        section = root.child("authorities");
        if (section != null) {
            for (SectionReader authority : section.children()) {
                authority(authority, around);
            }
            section.finish();
        }
        root.finish(); // sections that others inherit from may have any name
        return new SwanctlConf(
                connections,
                pools,
                secrets.sharedKeys(),
                secrets.passwords(),
                secrets.tokenSecrets(),
                secrets.passphrases());
    }

    private static void authority(SectionReader authority, Surroundings around) {
        String cacert = authority.text("cacert");
        String file = authority.text("file");
        if (cacert != null && file != null) {
            authority.error("file", "either cacert or file");
        } else if (cacert != null) {
            around.certificates().authority(authority, "cacert", cacert, true);
        } else if (file != null) {
            around.certificates().authority(authority, "file", file, false);
        } else {
            authority.error("names no certificate: cacert is missing");
        }
        authority.list("crl_uris"); // noted by name only: nothing is fetched
        authority.list("ocsp_uris");
        Map<String, Set<String>> unsupported = new LinkedHashMap<>();
        for (String key : List.of("handle", "slot", "module", "cert_uri_base")) {
            unsupported.put(key, Set.of());
        }
        authority.unsupported(unsupported);
        authority.finish();
    }
}
