package org.cosellbridge.simulator;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** The tables of the simulated environment: columns with types, lengths, ranges and choices as the vendor documents them. */
final class DataverseSchema {
    private static final BigDecimal BILLION = new BigDecimal("1000000000");
    private static final BigDecimal TRILLION = new BigDecimal("1000000000000");

    private final Map<String, Table> bySet = new LinkedHashMap<>();
    private final Map<String, Table> byName = new LinkedHashMap<>();

    DataverseSchema() {
        add(opportunity());
        add(lead());
        add(account());
        add(contact());
        add(currency());
        add(opportunityClose());
        add(user());
        add(organization());
        add(serviceEndpoint());
        add(message());
        add(messageFilter());
        add(step());
        add(job());
    }

    /** What a column holds. */
    enum Kind {
        ID,
        TEXT,
        MONEY,
        INTEGER,
        DECIMAL,
        BOOLEAN,
        DATE,
        DATETIME,
        CHOICE,
        STATE,
        STATUS,
        LOOKUP
    }

    /**
     * A column.
     *
     * @param name the logical name
     * @param kind what it holds
     * @param length the longest text
     * @param least the smallest number
     * @param most the largest number
     * @param choices the numbers of a choice
     * @param navigations of a lookup: navigation property to table
     * @param writable whether the API takes it
     */
    record Column(
            String name,
            Kind kind,
            int length,
            BigDecimal least,
            BigDecimal most,
            Set<Integer> choices,
            Map<String, String> navigations,
            boolean writable) {
        /** The name under which it is read. */
        String property() {
            return kind == Kind.LOOKUP ? "_" + name + "_value" : name;
        }
    }

    /** A status and the state it belongs to. */
    record Status(int number, String label, int state) {}

    /** A table. */
    record Table(
            String name,
            String set,
            String key,
            String primaryName,
            int typeCode,
            Map<String, Column> columns,
            List<Status> statuses) {
        Optional<Column> findColumn(String column) {
            return Optional.ofNullable(columns.get(column));
        }

        Optional<Column> findByProperty(String property) {
            return columns.values().stream()
                    .filter(column -> column.property().equals(property))
                    .findFirst();
        }

        Optional<Column> findByNavigation(String navigation) {
            return columns.values().stream()
                    .filter(column -> column.navigations().containsKey(navigation))
                    .findFirst();
        }

        int defaultStatus(int state) {
            return statuses.stream()
                    .filter(status -> status.state() == state)
                    .findFirst()
                    .orElseThrow()
                    .number();
        }

        Optional<Integer> stateOf(int status) {
            return statuses.stream()
                    .filter(known -> known.number() == status)
                    .map(Status::state)
                    .findFirst();
        }
    }

    Optional<Table> findSet(String set) {
        return Optional.ofNullable(bySet.get(set));
    }

    Optional<Table> findTable(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Table table(String name) {
        return findTable(name).orElseThrow(() -> new IllegalArgumentException("no table " + name));
    }

    List<Table> tables() {
        return new ArrayList<>(bySet.values());
    }

    private void add(Builder builder) {
        Table table = builder.build();
        bySet.put(table.set(), table);
        byName.put(table.name(), table);
    }

    private static Builder opportunity() {
        return cosell(new Builder("opportunity", "opportunities", "opportunityid", "name", 3))
                .text("name", 300)
                .text("description", 2000)
                .customer("customerid")
                .lookup("parentaccountid", "account")
                .lookup("parentcontactid", "contact")
                .money("estimatedvalue", TRILLION.negate(), TRILLION)
                .flag("isrevenuesystemcalculated")
                .date("estimatedclosedate")
                .money("actualvalue", TRILLION.negate(), TRILLION)
                .date("actualclosedate")
                .integer("closeprobability", 0, 100)
                .money("budgetamount", BigDecimal.ZERO, TRILLION)
                .choice("budgetstatus", 0, 1, 2, 3)
                .choice("opportunityratingcode", 1, 2, 3)
                .choice("salesstage", 0, 1, 2, 3)
                .text("stepname", 200)
                .choice("purchasetimeframe", 0, 1, 2, 3, 4)
                .choice("msdyn_forecastcategory", 100000001, 100000002, 100000003, 100000004, 100000005, 100000006)
                .text("customerneed", 2000)
                .text("currentsituation", 2000)
                .text("customerpainpoints", 2000)
                .text("proposedsolution", 2000)
                .text("qualificationcomments", 2000)
                .text("emailaddress", 100)
                .lookup("originatingleadid", "lead")
                .lookup("campaignid", "campaign")
                .lookup("pricelevelid", "pricelevel")
                .money("totalamount", TRILLION.negate(), TRILLION)
                .readOnly("totalamount")
                .status(1, "In Progress", 0)
                .status(2, "On Hold", 0)
                .status(3, "Won", 1)
                .status(4, "Canceled", 2)
                .status(5, "Out-Sold", 2)
                .owned();
    }

    private static Builder lead() {
        return cosell(new Builder("lead", "leads", "leadid", "fullname", 4))
                .text("subject", 300)
                .text("firstname", 50)
                .text("lastname", 50)
                .text("middlename", 50)
                .text("fullname", 160)
                .readOnly("fullname")
                .text("companyname", 100)
                .text("jobtitle", 100)
                .text("emailaddress1", 100)
                .text("emailaddress2", 100)
                .text("emailaddress3", 100)
                .text("telephone1", 50)
                .text("mobilephone", 20)
                .text("websiteurl", 200)
                .address()
                .money("estimatedamount", BigDecimal.ZERO, TRILLION)
                .decimal("estimatedvalue", BigDecimal.ZERO, BILLION)
                .date("estimatedclosedate")
                .money("budgetamount", BigDecimal.ZERO, TRILLION)
                .choice("budgetstatus", 0, 1, 2, 3)
                .choice("leadqualitycode", 1, 2, 3)
                .choice("leadsourcecode", range(1, 10))
                .choice("industrycode", range(1, 33))
                .integer("numberofemployees", 0, 1_000_000)
                .money("revenue", BigDecimal.ZERO, TRILLION.multiply(BigDecimal.valueOf(100)))
                .text("description", 2000)
                .lookup("parentaccountid", "account")
                .lookup("parentcontactid", "contact")
                .customer("customerid")
                .lookup("qualifyingopportunityid", "opportunity")
                .status(1, "New", 0)
                .status(2, "Contacted", 0)
                .status(3, "Qualified", 1)
                .status(4, "Lost", 2)
                .status(5, "Cannot Contact", 2)
                .status(6, "No Longer Interested", 2)
                .status(7, "Canceled", 2)
                .owned();
    }

    private static Builder cosell(Builder table) {
        return table.flag("cosell_syncwithpartnercenter")
                .text("cosell_referralidentifier", 100)
                .text("cosell_referrallink", 500)
                .choice("cosell_howcanmicrosofthelp", range(100000001, 100000006))
                .flag("cosell_visibletomicrosoft")
                .text("cosell_microsoftcrmidentifier", 100)
                .text("cosell_referralprogram", 100)
                .text("cosell_products", 4000)
                .text("cosell_syncstatus", 255)
                .text("cosell_audit", 10_000);
    }

    private static Builder account() {
        return new Builder("account", "accounts", "accountid", "name", 1)
                .text("name", 160)
                .text("accountnumber", 20)
                .text("emailaddress1", 100)
                .text("telephone1", 50)
                .text("websiteurl", 200)
                .address()
                .choice("address1_addresstypecode", 1, 2, 3, 4)
                .choice("industrycode", range(1, 33))
                .integer("numberofemployees", 0, 1_000_000_000)
                .money("revenue", BigDecimal.ZERO, TRILLION.multiply(BigDecimal.valueOf(100)))
                .lookup("primarycontactid", "contact")
                .lookup("parentaccountid", "account")
                .active()
                .owned();
    }

    private static Builder contact() {
        return new Builder("contact", "contacts", "contactid", "fullname", 2)
                .text("firstname", 50)
                .text("lastname", 50)
                .text("middlename", 50)
                .text("fullname", 160)
                .readOnly("fullname")
                .text("jobtitle", 100)
                .text("emailaddress1", 100)
                .text("telephone1", 50)
                .text("mobilephone", 50)
                .customer("parentcustomerid")
                .address()
                .active()
                .owned();
    }

    private static Builder currency() {
        return new Builder(
                        "transactioncurrency", "transactioncurrencies", "transactioncurrencyid", "currencyname", 9105)
                .text("isocurrencycode", 5)
                .text("currencyname", 100)
                .text("currencysymbol", 13)
                .integer("currencyprecision", 0, 4)
                .decimal("exchangerate", BigDecimal.ZERO, BILLION)
                .active()
                .stamped();
    }

    private static Builder opportunityClose() {
        return new Builder("opportunityclose", "opportunitycloses", "activityid", "subject", 4208)
                .text("subject", 200)
                .text("description", 2000)
                .money("actualrevenue", TRILLION.negate(), TRILLION)
                .datetime("actualend")
                .lookup("opportunityid", "opportunity")
                .lookup("competitorid", "competitor")
                .status(1, "Open", 0)
                .status(2, "Completed", 1)
                .status(3, "Canceled", 2)
                .owned();
    }

    private static Builder user() {
        return new Builder("systemuser", "systemusers", "systemuserid", "fullname", 8)
                .text("firstname", 256)
                .text("lastname", 256)
                .text("fullname", 200)
                .readOnly("fullname")
                .text("internalemailaddress", 100)
                .text("address1_telephone1", 64)
                .text("domainname", 1024)
                .id("applicationid")
                .id("azureactivedirectoryobjectid")
                .flag("isdisabled")
                .stamped();
    }

    private static Builder organization() {
        return new Builder("organization", "organizations", "organizationid", "name", 1019)
                .text("name", 160)
                .integer("expirechangetrackingindays", 0, 365)
                .lookup("basecurrencyid", "transactioncurrency")
                .stamped();
    }

    private static Builder serviceEndpoint() {
        return new Builder("serviceendpoint", "serviceendpoints", "serviceendpointid", "name", 4618)
                .text("name", 256)
                .text("url", 2000)
                .choice("contract", range(1, 9))
                .choice("authtype", range(1, 9))
                .choice("messageformat", 1, 2, 3)
                .choice("connectionmode", 1, 2)
                .choice("userclaim", 1, 2, 3)
                .text("authvalue", 2048)
                .flag("isauthvalueset")
                .readOnly("isauthvalueset")
                .stamped();
    }

    private static Builder message() {
        return new Builder("sdkmessage", "sdkmessages", "sdkmessageid", "name", 4606)
                .text("name", 256)
                .stamped();
    }

    private static Builder messageFilter() {
        return new Builder("sdkmessagefilter", "sdkmessagefilters", "sdkmessagefilterid", "name", 4607)
                .text("name", 256)
                .text("primaryobjecttypecode", 128)
                .lookup("sdkmessageid", "sdkmessage")
                .stamped();
    }

    private static Builder step() {
        return new Builder(
                        "sdkmessageprocessingstep",
                        "sdkmessageprocessingsteps",
                        "sdkmessageprocessingstepid",
                        "name",
                        4608)
                .text("name", 256)
                .choice("mode", 0, 1)
                .choice("stage", 10, 20, 40)
                .integer("rank", 1, 1_000)
                .choice("supporteddeployment", 0, 1, 2)
                .flag("asyncautodelete")
                .text("filteringattributes", 100_000)
                .lookups("eventhandler", Map.of("eventhandler_serviceendpoint", "serviceendpoint"))
                .lookup("sdkmessageid", "sdkmessage")
                .lookup("sdkmessagefilterid", "sdkmessagefilter")
                .status(1, "Enabled", 0)
                .status(2, "Disabled", 1)
                .stamped();
    }

    private static Builder job() {
        return new Builder("asyncoperation", "asyncoperations", "asyncoperationid", "name", 4700)
                .text("name", 256)
                .text("message", 10_000)
                .lookup("owningextensionid", "sdkmessageprocessingstep")
                .status(0, "Waiting For Resources", 0)
                .status(20, "In Progress", 2)
                .status(30, "Succeeded", 3)
                .status(31, "Failed", 3)
                .stamped();
    }

    private static int[] range(int first, int last) {
        return IntStream.rangeClosed(first, last).toArray();
    }

    private static final class Builder {
        private final String name;
        private final String set;
        private final String key;
        private final String primaryName;
        private final int typeCode;
        private final Map<String, Column> columns = new LinkedHashMap<>();
        private final List<Status> statuses = new ArrayList<>();

        Builder(String name, String set, String key, String primaryName, int typeCode) {
            this.name = name;
            this.set = set;
            this.key = key;
            this.primaryName = primaryName;
            this.typeCode = typeCode;
            id(key);
        }

        private Builder column(
                String column,
                Kind kind,
                int length,
                BigDecimal least,
                BigDecimal most,
                Set<Integer> choices,
                Map<String, String> navigations) {
            columns.put(column, new Column(column, kind, length, least, most, choices, navigations, true));
            return this;
        }

        private Builder plain(String column, Kind kind) {
            return column(column, kind, 0, BigDecimal.ZERO, BigDecimal.ZERO, Set.of(), Map.of());
        }

        Builder id(String column) {
            return plain(column, Kind.ID);
        }

        Builder text(String column, int length) {
            return column(column, Kind.TEXT, length, BigDecimal.ZERO, BigDecimal.ZERO, Set.of(), Map.of());
        }

        Builder money(String column, BigDecimal least, BigDecimal most) {
            column(column, Kind.MONEY, 0, least, most, Set.of(), Map.of());
            column(column + "_base", Kind.MONEY, 0, least, most, Set.of(), Map.of());
            return readOnly(column + "_base");
        }

        Builder decimal(String column, BigDecimal least, BigDecimal most) {
            return column(column, Kind.DECIMAL, 0, least, most, Set.of(), Map.of());
        }

        Builder integer(String column, int least, int most) {
            return column(
                    column, Kind.INTEGER, 0, BigDecimal.valueOf(least), BigDecimal.valueOf(most), Set.of(), Map.of());
        }

        Builder flag(String column) {
            return plain(column, Kind.BOOLEAN);
        }

        Builder date(String column) {
            return plain(column, Kind.DATE);
        }

        Builder datetime(String column) {
            return plain(column, Kind.DATETIME);
        }

        Builder choice(String column, int... numbers) {
            Set<Integer> choices = new TreeSet<>();
            for (int number : numbers) {
                choices.add(number);
            }
            return column(column, Kind.CHOICE, 0, BigDecimal.ZERO, BigDecimal.ZERO, choices, Map.of());
        }

        Builder lookup(String column, String target) {
            return lookups(column, Map.of(column, target));
        }

        Builder lookups(String column, Map<String, String> navigations) {
            return column(column, Kind.LOOKUP, 0, BigDecimal.ZERO, BigDecimal.ZERO, Set.of(), navigations);
        }

        Builder customer(String column) {
            return lookups(column, Map.of(column + "_account", "account", column + "_contact", "contact"));
        }

        Builder address() {
            return text("address1_line1", 250)
                    .text("address1_line2", 250)
                    .text("address1_line3", 250)
                    .text("address1_city", 80)
                    .text("address1_stateorprovince", 50)
                    .text("address1_postalcode", 20)
                    .text("address1_country", 80);
        }

        Builder status(int number, String label, int state) {
            statuses.add(new Status(number, label, state));
            return this;
        }

        Builder active() {
            return status(1, "Active", 0).status(2, "Inactive", 1);
        }

        Builder owned() {
            return lookup("ownerid", "systemuser")
                    .lookup("transactioncurrencyid", "transactioncurrency")
                    .decimal("exchangerate", BigDecimal.ZERO, BILLION)
                    .readOnly("exchangerate")
                    .stamped();
        }

        Builder stamped() {
            datetime("createdon").readOnly("createdon");
            datetime("modifiedon").readOnly("modifiedon");
            lookup("createdby", "systemuser").readOnly("createdby");
            lookup("modifiedby", "systemuser").readOnly("modifiedby");
            lookup("modifiedonbehalfby", "systemuser").readOnly("modifiedonbehalfby");
            plain("versionnumber", Kind.INTEGER).readOnly("versionnumber");
            return this;
        }

        Builder readOnly(String column) {
            columns.computeIfPresent(
                    column,
                    (known, old) -> new Column(
                            old.name(),
                            old.kind(),
                            old.length(),
                            old.least(),
                            old.most(),
                            old.choices(),
                            old.navigations(),
                            false));
            return this;
        }

        Table build() {
            if (!statuses.isEmpty()) {
                plain("statecode", Kind.STATE);
                plain("statuscode", Kind.STATUS);
            }
            return new Table(name, set, key, primaryName, typeCode, Map.copyOf(columns), List.copyOf(statuses));
        }
    }
}
