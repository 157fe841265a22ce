package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.pkcs11.Pkcs11Module;
import dev.cardinal.hsm.pkcs11.Session;
import java.util.List;

/** Counts the objects on a token, session objects of all sessions included, through a session of its own. */
final class ObjectCount implements AutoCloseable {

    private final Pkcs11Module module;
    private final Session session;

    ObjectCount(TokenSettings settings) throws Exception {
        module = Pkcs11Module.open(settings.module(), settings.initArgs());
        session = Session.open(
                module.cryptoki(),
                TokenSlot.find(module.cryptoki(), settings.token()).slot(),
                false);
    }

    int count() throws Exception {
        return session.find(List.of()).size();
    }

    Session session() {
        return session;
    }

    @Override
    public void close() throws Exception {
        session.close();
        module.close();
    }
}
