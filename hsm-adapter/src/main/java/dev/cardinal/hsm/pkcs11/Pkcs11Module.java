package dev.cardinal.hsm.pkcs11;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A PKCS#11 module of this process: the one owner of {@code C_Initialize} and {@code C_Finalize}. Opening a module that
 * is open shares it; the last close finalises it, unless somebody else had initialised it before us.
 */
public final class Pkcs11Module implements AutoCloseable {

    private static final Map<Path, Owned> OPEN = new HashMap<>();

    private final Owned owned;
    private boolean closed;

    private Pkcs11Module(Owned owned) {
        this.owned = owned;
    }

    /**
     * Loads and initialises a module, or shares it.
     *
     * @param path the module's file
     * @param initArgs what {@code pReserved} points to, null for none; must be the same for all who share
     * @throws IOException when the file is missing, is no PKCS#11 module or is open with other arguments
     */
    public static Pkcs11Module open(Path path, @Nullable String initArgs) throws IOException, Pkcs11Exception {
        Path real = path.toRealPath();
        synchronized (OPEN) {
            Owned owned = OPEN.get(real);
            if (owned == null) {
                owned = initialize(real, initArgs);
                OPEN.put(real, owned);
            } else if (!Objects.equals(owned.initArgs, initArgs)) {
                throw new IOException(path + " is already open with other initialisation arguments");
            }
            owned.references++;
            return new Pkcs11Module(owned);
        }
    }

    private static Owned initialize(Path real, @Nullable String initArgs) throws IOException, Pkcs11Exception {
        JnaCryptoki cryptoki;
        try {
            cryptoki = JnaCryptoki.load(real);
        } catch (UnsatisfiedLinkError e) {
            throw new IOException(real + " is no PKCS#11 module: " + e.getMessage(), e);
        }
        boolean ours = true;
        try {
            cryptoki.initialize(initArgs);
        } catch (Pkcs11Exception e) {
            if (e.ckr() != Ckr.CRYPTOKI_ALREADY_INITIALIZED) {
                throw e;
            }
            ours = false;
        }
        return new Owned(real, initArgs, cryptoki, ours);
    }

    /** The module's functions, valid until this is closed. */
    public Cryptoki cryptoki() {
        return owned.cryptoki;
    }

    public Path path() {
        return owned.path;
    }

    /** Gives this share back. No call through it may be running. */
    @Override
    public void close() throws Pkcs11Exception {
        synchronized (OPEN) {
            if (closed) {
                return;
            }
            closed = true;
            if (--owned.references == 0) {
                OPEN.remove(owned.path);
                if (owned.ours) {
                    owned.cryptoki.finish();
                }
            }
        }
    }

    private static final class Owned {
        final Path path;
        final @Nullable String initArgs;
        final Cryptoki cryptoki;
        final boolean ours;
        int references;

        Owned(Path path, @Nullable String initArgs, Cryptoki cryptoki, boolean ours) {
            this.path = path;
            this.initArgs = initArgs;
            this.cryptoki = cryptoki;
            this.ours = ours;
        }
    }
}
