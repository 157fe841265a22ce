package dev.cardinal.ike.sim;

import dev.cardinal.ike.ikev1.Ikev1Sa;
import dev.cardinal.ike.ikev2.Ikev2Sa;
import dev.cardinal.ike.sa.ChildPolicy;
import dev.cardinal.ike.sa.IkeSa;
import dev.cardinal.ike.sa.Path;
import dev.cardinal.ike.sa.PeerPolicy;
import dev.cardinal.ike.sa.SaEnvironment;
import dev.cardinal.ike.wire.IkeHeader;
import org.jspecify.annotations.Nullable;

/** Makes the IKE SAs of a simulated host. */
interface SaFactory {
    SaFactory IKEV2 = new SaFactory() {
        @Override
        public IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
            return Ikev2Sa.initiator(policy, child, path, environment);
        }

        @Override
        public IkeSa responder(IkeHeader first, Path path, SaEnvironment environment) {
            return Ikev2Sa.responder(path, environment);
        }
    };

    SaFactory IKEV1 = new SaFactory() {
        @Override
        public IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment) {
            return Ikev1Sa.initiator(policy, child, path, environment);
        }

        @Override
        public IkeSa responder(IkeHeader first, Path path, SaEnvironment environment) {
            return Ikev1Sa.responder(first, path, environment);
        }
    };

    IkeSa initiator(PeerPolicy policy, @Nullable ChildPolicy child, Path path, SaEnvironment environment);

    IkeSa responder(IkeHeader first, Path path, SaEnvironment environment);
}
