package dev.cardinal.hsm.pool;

import dev.cardinal.hsm.HsmFailure;
import dev.cardinal.hsm.KeyRef;
import dev.cardinal.hsm.pkcs11.Pkcs11Exception;
import dev.cardinal.hsm.pkcs11.Session;
import java.security.PublicKey;
import org.jspecify.annotations.Nullable;

/** A private key of a pool's token. Its object is looked up once an epoch, and again when the token forgot it. */
final class TokenKey implements KeyRef {

    private record Located(long object, long epoch) {}

    private final TokenPool pool;
    private final KeySearch search;
    private final String uri;
    private volatile @Nullable Located located;

    TokenKey(TokenPool pool, KeySearch search, KeySearch.Match match, long epoch) {
        this.pool = pool;
        this.search = search;
        this.uri = match.uri();
        this.located = new Located(match.object(), epoch);
    }

    @Override
    public String uri() {
        return uri;
    }

    @Override
    public byte[] publicKeyInfo() {
        return search.publicKeyInfo().clone();
    }

    TokenPool pool() {
        return pool;
    }

    PublicKey publicKey() {
        return search.publicKey();
    }

    /** The object's handle in this epoch. */
    long locate(Session session, long epoch) throws Pkcs11Exception, HsmFailure {
        Located known = located;
        if (known != null && known.epoch() == epoch) {
            return known.object();
        }
        long object = search.again(session, uri).object();
        located = new Located(object, epoch);
        return object;
    }

    /** The handle was found invalid. */
    void forget() {
        located = null;
    }

    @Override
    public String toString() {
        return uri;
    }
}
