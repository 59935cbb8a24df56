package org.cosellbridge.simulator;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the users of the simulated environment call its columns: the vendor's English labels, those of the Partner Center section, and
 * what a test renames. A column that is listed nowhere is called as its logical name, with a capital letter. Called under the
 * simulator's lock.
 */
final class DataverseLabels {
    private static final Map<String, String> EVERYWHERE = Map.ofEntries(
            Map.entry("cosell_syncwithpartnercenter", "Sync with Partner Center"),
            Map.entry("cosell_referralidentifier", "Referral Identifier"),
            Map.entry("cosell_referrallink", "Referral Link"),
            Map.entry("cosell_howcanmicrosofthelp", "How can Microsoft help?"),
            Map.entry("cosell_products", "Products"),
            Map.entry("cosell_visibletomicrosoft", "Visible to Microsoft"),
            Map.entry("cosell_microsoftcrmidentifier", "Microsoft CRM Identifier"),
            Map.entry("cosell_referralprogram", "Referral Program"),
            Map.entry("cosell_syncstatus", "Sync Status"),
            Map.entry("cosell_audit", "Audit"),
            Map.entry("description", "Description"),
            Map.entry("parentaccountid", "Account"),
            Map.entry("parentcontactid", "Contact"),
            Map.entry("transactioncurrencyid", "Currency"),
            Map.entry("ownerid", "Owner"),
            Map.entry("statecode", "Status"),
            Map.entry("statuscode", "Status Reason"),
            Map.entry("createdon", "Created On"),
            Map.entry("createdby", "Created By"),
            Map.entry("modifiedon", "Modified On"),
            Map.entry("modifiedby", "Modified By"),
            Map.entry("firstname", "First Name"),
            Map.entry("lastname", "Last Name"),
            Map.entry("middlename", "Middle Name"),
            Map.entry("fullname", "Full Name"),
            Map.entry("jobtitle", "Job Title"),
            Map.entry("emailaddress1", "Email"),
            Map.entry("mobilephone", "Mobile Phone"),
            Map.entry("websiteurl", "Website"),
            Map.entry("industrycode", "Industry"),
            Map.entry("numberofemployees", "No. of Employees"),
            Map.entry("revenue", "Annual Revenue"),
            Map.entry("budgetamount", "Budget Amount"),
            Map.entry("budgetstatus", "Budget"),
            Map.entry("estimatedclosedate", "Est. Close Date"));

    private static final Map<String, String> BY_TABLE = Map.ofEntries(
            Map.entry("opportunity.name", "Topic"),
            Map.entry("opportunity.customerid", "Potential Customer"),
            Map.entry("opportunity.estimatedvalue", "Est. Revenue"),
            Map.entry("opportunity.isrevenuesystemcalculated", "Revenue"),
            Map.entry("opportunity.actualvalue", "Actual Revenue"),
            Map.entry("opportunity.actualclosedate", "Actual Close Date"),
            Map.entry("opportunity.closeprobability", "Probability"),
            Map.entry("opportunity.opportunityratingcode", "Rating"),
            Map.entry("opportunity.salesstage", "Sales Stage"),
            Map.entry("opportunity.stepname", "Pipeline Phase"),
            Map.entry("opportunity.purchasetimeframe", "Purchase Timeframe"),
            Map.entry("opportunity.customerneed", "Customer Need"),
            Map.entry("opportunity.currentsituation", "Current Situation"),
            Map.entry("opportunity.proposedsolution", "Proposed Solution"),
            Map.entry("opportunity.emailaddress", "Email Address"),
            Map.entry("opportunity.originatingleadid", "Originating Lead"),
            Map.entry("opportunity.campaignid", "Source Campaign"),
            Map.entry("opportunity.pricelevelid", "Price List"),
            Map.entry("lead.subject", "Topic"),
            Map.entry("lead.companyname", "Company Name"),
            Map.entry("lead.telephone1", "Business Phone"),
            Map.entry("lead.estimatedamount", "Est. Value"),
            Map.entry("lead.estimatedvalue", "Est. Value (deprecated)"),
            Map.entry("lead.leadqualitycode", "Rating"),
            Map.entry("lead.leadsourcecode", "Lead Source"),
            Map.entry("lead.customerid", "Customer"),
            Map.entry("lead.address1_line1", "Street 1"),
            Map.entry("lead.address1_city", "City"),
            Map.entry("lead.address1_stateorprovince", "State/Province"),
            Map.entry("lead.address1_postalcode", "ZIP/Postal Code"),
            Map.entry("lead.address1_country", "Country/Region"),
            Map.entry("account.name", "Account Name"),
            Map.entry("account.accountnumber", "Account Number"),
            Map.entry("account.telephone1", "Main Phone"),
            Map.entry("account.primarycontactid", "Primary Contact"),
            Map.entry("account.address1_line1", "Address 1: Street 1"),
            Map.entry("account.address1_city", "Address 1: City"),
            Map.entry("account.address1_stateorprovince", "Address 1: State/Province"),
            Map.entry("account.address1_postalcode", "Address 1: ZIP/Postal Code"),
            Map.entry("account.address1_country", "Address 1: Country/Region"),
            Map.entry("contact.telephone1", "Business Phone"),
            Map.entry("contact.parentcustomerid", "Company Name"),
            Map.entry("systemuser.internalemailaddress", "Primary Email"),
            Map.entry("systemuser.address1_telephone1", "Main Phone"));

    private final Map<String, Optional<String>> renamed = new HashMap<>();

    /** The owner of the environment calls the column so from now on; empty: it has no label any more. */
    void rename(String table, String column, String label) {
        renamed.put(table + "." + column, label.isEmpty() ? Optional.empty() : Optional.of(label));
    }

    /** What the users call the column; empty when it has no label. */
    Optional<String> find(String table, String column) {
        String name = table + "." + column;
        return renamed.getOrDefault(
                name,
                Optional.of(BY_TABLE.getOrDefault(
                        name,
                        EVERYWHERE.getOrDefault(
                                column, column.substring(0, 1).toUpperCase(Locale.ROOT) + column.substring(1)))));
    }
}
