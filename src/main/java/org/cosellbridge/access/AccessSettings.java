package org.cosellbridge.access;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.cosellbridge.platform.Configuration;
import org.cosellbridge.platform.StartCheck;

/** The embedded store of users, {@code cosell.access.users}. There is no built-in user and no built-in password. */
@Singleton
class AccessSettings implements StartCheck {
    /** Comma-separated {@code name:role:bcrypt-hash}. */
    static final String USERS = "cosell.access.users";

    /** The least and the most cost of a hash: below it is guessed too fast, above it a login takes seconds. */
    static final int LEAST_COST = 10;

    static final int MOST_COST = 15;

    private static final Logger LOG = Logger.getLogger(AccessSettings.class.getName());
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,60}");
    private static final Pattern HASH = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$[./A-Za-z0-9]{53}");

    private final Map<String, User> users = new LinkedHashMap<>();

    @Inject
    AccessSettings(Configuration configuration) {
        List<String> entries = configuration.list(USERS, "");
        if (entries.isEmpty()) {
            configuration.fault(
                    USERS,
                    "is missing. It lists who may log in, as name:role:bcrypt-hash, separated by commas; roles are admin, operator"
                            + " and auditor. Make a hash with: htpasswd -nBC 12 <name>");
        }
        for (int place = 1; place <= entries.size(); place++) {
            read(configuration, entries.get(place - 1), place);
        }
    }

    private void read(Configuration configuration, String entry, int place) {
        // a fault names the place and never the text: with a part missing, any part may be the hash or a password
        String[] parts = entry.split(":", -1);
        if (parts.length != 3) {
            configuration.fault(USERS, "has an entry (number " + place + ") that is not name:role:bcrypt-hash.");
            return;
        }
        boolean usable = true;
        if (!NAME.matcher(parts[0]).matches()) {
            configuration.fault(
                    USERS, "has a name (entry " + place + ") that is not 1 to 60 letters, digits or one of . _ @ -");
            usable = false;
        }
        Optional<Role> role = Role.find(parts[1]);
        if (role.isEmpty()) {
            configuration.fault(USERS, "has a role (entry " + place + ") that is not admin, operator or auditor.");
        }
        Matcher hash = HASH.matcher(parts[2]);
        if (!hash.matches()) {
            configuration.fault(
                    USERS,
                    "has a hash (entry " + place + ") that is not bcrypt. Make one with: htpasswd -nBC 12 <name>");
            usable = false;
        } else if (Integer.parseInt(hash.group(1)) < LEAST_COST || Integer.parseInt(hash.group(1)) > MOST_COST) {
            configuration.fault(
                    USERS,
                    "has a hash (entry " + place + ") whose cost is not from " + LEAST_COST + " to " + MOST_COST + ".");
            usable = false;
        }
        if (usable && role.isPresent()) {
            User user = new User(parts[0], role.get(), parts[2]);
            if (users.putIfAbsent(user.name(), user) != null) {
                configuration.fault(USERS, "has a name twice (entry " + place + ").");
            }
        }
    }

    @Override
    public void check(Configuration configuration) {
        // the constructor noted every fault
        Set<Integer> costs = new TreeSet<>();
        users.values().forEach(user -> costs.add(user.cost()));
        if (costs.size() > 1) {
            LOG.warning(() -> USERS + " has hashes of different costs " + costs
                    + ". How long a refused login takes then tells which names exist. Make all hashes with one cost.");
        }
    }

    /** The user with this name. */
    Optional<User> find(String name) {
        return Optional.ofNullable(users.get(name));
    }

    /** Every user, in the order of the configuration. */
    List<User> users() {
        return List.copyOf(users.values());
    }
}
