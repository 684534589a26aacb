//! What hivesim says to scenarios that are wrong: every message in full, as a snapshot in
//! `snapshots/`. A message names the place, what was found, what is allowed, and what may
//! have been meant.

use hivesim::scenario::Scenario;

/// The message for `text` in a file `hive.toml`, with overrides.
fn message(text: &str, sets: &[&str]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    match Scenario::parse(text, "hive.toml", &sets) {
        Ok(_) => panic!("this scenario passes:\n{text}"),
        Err(error) => error.to_string(),
    }
}

macro_rules! refused {
    ($module:ident: $($(#[$doc:meta])* $name:ident($text:expr $(, $set:expr)*);)*) => {
        mod $module {
            $(
                $(#[$doc])*
                #[test]
                fn $name() {
                    insta::with_settings!({ omit_expression => true }, {
                        insta::assert_snapshot!(super::message($text, &[$($set),*]));
                    });
                }
            )*
        }
    };
}

/// Sizes that fit machines which exist are nobody's mistake.
#[test]
fn large_fleets_and_worlds_that_a_large_machine_holds_pass() {
    for text in [
        "[fleet]\nagents = 100000000\n[job_knowledge]\npersonalisation = \"fedsim\"\n",
        "[world]\nskills = 10000\nfeatures = 4096\nanswers = 256\n",
        "[world]\nskills = 100000\n[learner]\nbuckets = 1000000\n",
        "[fleet]\nagents = 1000000\n[learner]\nkind = \"mlp\"\n[measure]\nbounds = [\"isolated\"]\n",
        "[world]\nkind = \"synthetic\"\n[fleet]\nagents = 1000000\n",
        "rounds = 1000\n[fleet]\nagents = 100000\n[measure]\npanel = 0\n",
    ] {
        if let Err(error) = Scenario::parse(text, "hive.toml", &[]) {
            panic!("{error}");
        }
    }
}

refused! {
    syntax:
    a_value_is_missing("rounds =\n");
    a_string_is_not_closed("name = \"spread\nrounds = 3\n");
    a_header_is_not_closed("[world\nskills = 3\n");
    an_equals_sign_is_missing("[fleet]\nagents 100\n");
    a_key_stands_twice("[fleet]\nagents = 10\nagents = 20\n");
    a_table_stands_twice("[fleet]\nagents = 10\n[world]\n[fleet]\ntasks = 3\n");
    a_word_without_quotes("[distiller]\ntopology = star\n");
    a_comma_as_decimal_point("[world]\nalpha = 0,2\n");
    two_lines_are_wrong("rounds = \n[fleet]\nagents = = 3\n");
    a_control_character_is_not_passed_on("name = \"\x1b[31m\"\n");
    a_value_in_deep_brackets(&format!("rounds = {}\n", "[".repeat(100)));
}

refused! {
    keys:
    an_unknown_key_at_the_top("round = 30\n");
    an_unknown_table("[wrold]\nskills = 3\n");
    an_unknown_key_nothing_is_near("[fleet]\nhorsepower = 3\n");
    an_unknown_key_in_the_world("[world]\nalpah = 0.1\n");
    an_unknown_key_two_tables_deep("[world.drift]\nrhoo = 0.1\n");
    an_unknown_key_in_the_solver("[learner.solver]\nepoch = 3\n");
    an_unknown_key_in_a_change("[[world.changes]]\nround = 3\nskil = 1\n");
    an_unknown_key_in_stragglers("[fleet]\nstragglers = { share = 0.5, part = \"drop\" }\n");
    an_unknown_key_in_combine("[distiller.combine]\nweights = \"tasks\"\n");
    a_top_key_below_a_table("[fleet]\nagents = 20\nrounds = 5\n");
    a_key_of_another_table("[learner]\nbatch = 8\n");
    a_key_with_odd_characters("[fleet]\n\"a b\\n\" = 3\n");
    an_empty_key("\"\" = 3\n");
    several_keys_at_once("rouns = 3\n[fleet]\nagnets = 3\ntasks = 0\n[world]\nkind = \"mixed\"\n");
    a_key_of_another_kind("[world]\npath = \"data\"\n");
    keys_of_another_kind("[world]\nkind = \"synthetic\"\nskills = 3\nzipf = 1.0\n");
    keys_of_two_other_kinds("[world]\nkind = \"synthetic\"\nskills = 3\npath = \"x\"\n");
    a_key_of_the_other_learner("[learner]\nhidden = [32]\n");
    a_key_of_the_other_sizes("[world]\nkind = \"synthetic\"\n[world.sizes]\nexamples = 30\n");
}

refused! {
    types:
    text_for_a_whole_number("rounds = \"ten\"\n");
    a_number_in_quotes("rounds = \"10\"\n");
    a_fraction_for_a_whole_number("[fleet]\nagents = 1.5\n");
    a_point_in_a_whole_number("[fleet]\nagents = 100.0\n");
    a_boolean_for_a_whole_number("[fleet]\nagents = true\n");
    text_for_a_number("[world]\nalpha = \"0.2\"\n");
    a_boolean_for_a_number("[world]\nalpha = false\n");
    not_a_number("[world]\nalpha = nan\n");
    infinity("[world]\ngeneral = inf\n");
    a_float_beyond_floats("[world]\ngeneral = 1e999\n");
    a_number_for_text("name = 2024\n");
    a_date_for_text("name = 2024-05-01\n");
    a_list_for_text("question = [\"a\", \"b\"]\n");
    text_for_a_boolean("[world]\nkind = \"synthetic\"\niid = \"True\"\n");
    a_number_for_a_boolean("[world]\nkind = \"synthetic\"\niid = 1\n");
    a_table_for_a_number("[rounds]\nx = 1\n");
    text_for_a_table("fleet = \"big\"\n");
    a_kind_for_a_table("world = \"synthetic\"\n");
    a_list_of_tables_for_a_table("[[world]]\nskills = 3\n");
    a_table_for_a_list_of_tables("[world.changes]\nround = 3\n");
    a_number_for_a_list("[learner]\nkind = \"mlp\"\nhidden = 32\n");
    text_in_a_list_of_numbers("[learner]\nkind = \"mlp\"\nhidden = [32, \"16\"]\n");
    a_word_for_a_list_of_words("[measure]\nbounds = \"isolated\"\n");
    a_list_for_a_word("[distiller]\ntopology = [\"star\"]\n");
    a_number_for_a_word("[engine]\nkind = 4\n");
}

refused! {
    ranges:
    rounds_below("rounds = 0\n");
    rounds_above("rounds = 1000001\n");
    a_negative_number("[fleet]\nagents = -1\n");
    agents_above("[fleet]\nagents = 4_000_000_001\n");
    a_number_below("[world]\nzipf = -0.1\n");
    a_number_above("[world]\nzipf = 8.5\n");
    a_whole_number_above_a_number("[fleet.stragglers]\nshare = 50\n");
    alpha_below("[world]\nalpha = 0\n");
    a_seed_below("seed = -5\n");
    a_seed_beyond_64_bits("seed = 99999999999999999999999\n");
    a_seed_above("seed = 9223372036854775808\n");
    an_empty_list("[learner]\nkind = \"mlp\"\nhidden = []\n");
    a_long_list("[learner]\nkind = \"mlp\"\nhidden = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n");
    a_width_out_of_range("[learner]\nkind = \"mlp\"\nhidden = [32, 4096]\n");
    a_bound_given_twice("[measure]\nbounds = [\"pooled\", \"isolated\", \"pooled\"]\n");
    an_empty_path("[world]\nkind = \"dataset\"\npath = \"\"\n");
}

refused! {
    words:
    a_word_misspelt("[distiller]\ntopology = \"starr\"\n");
    a_word_in_capitals("[distiller]\ntopology = \"Star\"\n");
    a_word_nothing_is_near("[job_knowledge]\npersonalisation = \"lora\"\n");
    an_empty_word("[feedback]\nkind = \"\"\n");
    a_kind_misspelt("[world]\nkind = \"mixed_efects\"\nskills = 3\n");
    a_kind_nothing_is_near("[learner]\nkind = \"transformer\"\n");
    a_kind_of_the_wrong_type("[learner]\nkind = 3\n");
    a_strategy_misspelt("[distiller.combine]\nkind = \"trimed-mean\"\n");
    a_bound_misspelt("[measure]\nbounds = [\"isolatd\"]\n");
    a_missing_path("[world]\nkind = \"dataset\"\n");
    a_missing_round("[[world.changes]]\nskill = 1\n");
}

refused! {
    gossip:
    an_odd_number_of_ends("[learner]\nkind = \"practice\"\n[fleet]\nagents = 101\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"regular\"\nneighbours = 5\n");
    as_many_neighbours_as_agents("[learner]\nkind = \"practice\"\n[fleet]\nagents = 20\n[distiller]\ntopology = \"gossip\"\ngossip = { graph = \"scale-free\", neighbours = 20 }\n");
    a_small_world_of_odd_degree("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"small-world\"\nneighbours = 3\n");
    a_ring_of_two("[world]\ncompanies = 1\n[learner]\nkind = \"practice\"\n[fleet]\nagents = 2\n[distiller]\ntopology = \"gossip\"\ngossip.graph = \"ring\"\n");
    no_path_to_the_edges("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"edges\"\n");
    edges_that_nothing_reads("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\nedges = \"who.txt\"\n");
    neighbours_of_everyone("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\nneighbours = 6\nrewire = 0.3\n");
    more_edges_than_there_can_be("[learner]\nkind = \"practice\"\n[fleet]\nagents = 10000000\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"regular\"\nneighbours = 1000\n");
    momentum_without_a_distiller("[distiller]\ntopology = \"gossip\"\nserver.kind = \"fedavgm\"\ncombine.kind = \"fisher\"\n");
    an_exchange_without_a_distiller("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\nexchange = \"experience\"\n");
    a_graph_misspelt("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"smallworld\"\n");
    no_contacts("[learner]\nkind = \"practice\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ncontacts = 0\n");
}

refused! {
    practice:
    of_a_paper_world("[learner]\nkind = \"practice\"\n[world]\nkind = \"synthetic\"\n");
    of_parameters_and_features("[learner]\nkind = \"practice\"\n[world]\ntemperature = 0.5\n[world.drift]\nrho = 0.9\n[feedback]\nkind = \"verifiable\"\n[job_knowledge]\npersonalisation = \"fedsim\"\n[distiller]\nexchange = \"predictions\"\ncombine.kind = \"median\"\n");
    of_part_of_the_fleet("[learner]\nkind = \"practice\"\n[fleet]\nparticipants = 10\nstragglers.share = 0.5\n");
    of_nothing("[learner]\nkind = \"practice\"\n[fleet]\ntasks = 0\n");
    of_no_tasks_by_gradients("[fleet]\ntasks = 0\n");
    teachers_whom_nobody_meets("[learner]\nkind = \"practice\"\nteachers = 1\n");
    more_teachers_than_agents("[learner]\nkind = \"practice\"\nteachers = 201\n[distiller]\ntopology = \"gossip\"\n");
    rows_of_other_skills("[learner]\nkind = \"practice\"\ntransfer_rows = [[1.0, 0.5], [0.5, 1.0]]\n");
    rows_that_count_their_own_skill_half("[learner]\nkind = \"practice\"\ntransfer_rows = [[1.0, 0.5], [0.5, 0.5]]\n[world]\nskills = 2\n");
    rows_and_a_constant("[learner]\nkind = \"practice\"\ntransfer = 0.1\ntransfer_rows = [[1.0, 0.5], [0.5, 1.0]]\n[world]\nskills = 2\n");
    a_solver_of_practice("[learner]\nkind = \"practice\"\nsolver.batch = 4\n");
}

refused! {
    levels:
    periods_out_of_step("[distiller]\ntopology = \"hierarchical\"\n[distiller.hierarchy]\ncompany.period = 2\nglobal.period = 3\n");
    statistics_of_cores("[distiller]\ntopology = \"hierarchical\"\n[distiller.hierarchy.company]\ncombine.kind = \"fisher\"\n");
    more_than_a_team("[distiller]\ntopology = \"hierarchical\"\ncombine.kind = \"krum\"\n[distiller.hierarchy]\nteam = 2\n");
    a_strategy_misspelt("[distiller]\ntopology = \"hierarchical\"\n[distiller.hierarchy.global]\ncombine.kind = \"krumm\"\n");
    what_there_is_one_core_for("[distiller]\ntopology = \"hierarchical\"\nexchange = \"experience\"\n[learner.solver]\nscaffold = true\n[job_knowledge]\npersonalisation = \"nested\"\n");
}

refused! {
    beginnings:
    more_skills_in_advance_than_there_are("[pretraining]\ntasks = 100\nskills = 25\n");
    less_than_a_task_for_each_skill("[pretraining]\ntasks = 20\n");
    skills_in_advance_without_tasks("[pretraining]\nskills = 3\n");
    training_in_advance_of_numbers("[learner]\nkind = \"practice\"\n[pretraining]\ntasks = 100\n");
    training_in_advance_on_agents_data("[world]\nkind = \"synthetic\"\n[pretraining]\ntasks = 100\n");
    a_budget_misspelt("[pretraining]\ntask = 100\n");
    nobody_from_the_start("[fleet]\nagents = 10\nnewcomers.agents = 10\n[world]\ncompanies = 2\n[measure]\npanel = 0\n");
    no_company_from_the_start("[fleet]\nnewcomers.companies = 12\n");
    newcomers_of_two_sorts("[fleet.newcomers]\nagents = 3\ncompanies = 1\n");
    newcomers_after_the_end("rounds = 5\n[fleet.newcomers]\nagents = 3\nround = 6\n");
    newcomers_on_a_graph("[fleet.newcomers]\nagents = 3\n[distiller]\ntopology = \"gossip\"\n");
    newcomers_to_several_hives("[fleet.newcomers]\nagents = 3\n[[hives]]\n[[hives]]\n");
    companies_of_a_paper_world("[world]\nkind = \"synthetic\"\n[fleet.newcomers]\ncompanies = 1\n");
    too_few_for_krum_before_newcomers("[fleet]\nagents = 8\nnewcomers.agents = 6\n[world]\ncompanies = 2\n[measure]\npanel = 0\n[distiller.combine]\nkind = \"krum\"\n");
    agents_who_miss_numbers("[learner]\nkind = \"practice\"\n[fleet]\nuptake = 0.5\n");
    differences_around_everything("[fleet]\nuptake_spread = 0.5\n");
    more_than_everything("[fleet]\nuptake = 1.5\n");
    a_tag_on_every_skill("[world]\ntagged = 24\n");
}

refused! {
    hives:
    one_of_several("[[hives]]\nname = \"alone\"\n");
    a_market_of_one("[market]\nleak = 0.5\n");
    no_agents_for_any("[[hives]]\nshare = 0.0\n[[hives]]\nshare = 0.0\n");
    without_a_star("[distiller]\ntopology = \"gossip\"\n[[hives]]\n[[hives]]\n");
    a_share_misspelt("[[hives]]\nshares = 2.0\n[[hives]]\n");
    customers_of_a_paper_world("[world]\nkind = \"synthetic\"\n[[hives]]\n[[hives]]\n[market]\npreference = 3.0\n");
    an_ensemble_of_one("[[hives]]\nserver.kind = \"feddf\"\n[[hives]]\n");
}

refused! {
    search:
    a_world_of_tasks("[learner]\nkind = \"search\"\n");
    a_learner_of_tasks("[world]\nkind = \"nk\"\n");
    a_landscape_by_practice("[world]\nkind = \"nk\"\n[learner]\nkind = \"practice\"\n");
    as_many_others_as_bits("[world]\nkind = \"nk\"\nn = 6\nk = 6\n[learner]\nkind = \"search\"\n");
    more_solutions_than_can_be_gone_through("[world]\nkind = \"nk\"\nn = 25\n[learner]\nkind = \"search\"\n");
    more_bits_than_there_are("[world]\nkind = \"nk\"\nn = 65\nscaled = false\n[learner]\nkind = \"search\"\n");
    partners_misspelt("[world]\nkind = \"nk\"\nneighbours = \"adjacant\"\n[learner]\nkind = \"search\"\n");
    a_rule_misspelt("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\nrule = \"conformity\"\n");
    parameters_and_tasks("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\n[fleet]\ntasks = 9\nparticipants = 10\nstragglers.share = 0.5\n[feedback]\nkind = \"verifiable\"\n[job_knowledge]\npersonalisation = \"fedsim\"\n[distiller]\nexchange = \"experience\"\ncombine.kind = \"median\"\n");
    one_searcher("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\n[distiller]\ntopology = \"pooled\"\n");
    a_bound_of_one_searcher("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\n[measure]\nbounds = [\"pooled\"]\n");
    looks_at_a_star("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\nlooks = 3\nrule = \"conform\"\n");
    looks_of_the_isolated("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\nevery = 5\nerror = 0.1\n[distiller]\ntopology = \"isolated\"\n");
    a_core_without_a_distiller("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\npublish = \"majority\"\n[distiller]\ntopology = \"gossip\"\n");
    calls_of_searchers("[world]\nkind = \"nk\"\n[learner]\nkind = \"search\"\n[distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ncontacts = 2\ndirection = \"pull\"\n");
}

refused! {
    combinations:
    a_change_without_a_target("[[world.changes]]\nround = 3\n");
    a_change_with_two_targets("[[world.changes]]\nround = 3\nskill = 1\ncompany = 1\n");
    a_change_of_a_skill_that_is_not("[world]\nskills = 4\nchanges = [{ round = 3, skill = 4 }]\n");
    a_change_of_a_company_that_is_not("[[world.changes]]\nround = 3\ncompany = 12\n");
    a_change_after_the_end("rounds = 10\n[[world.changes]]\nround = 11\nskill = 0\n");
    a_change_given_twice("[[world.changes]]\nround = 3\nskill = 0\n[[world.changes]]\nround = 3\nskill = 0\n");
    epochs_over_tasks_seen_once("[world]\nkind = \"mixed-effects\"\n[learner.solver]\nepochs = 5\n");
    a_world_without_truth("[world]\ngeneral = 0\nskill = 0.0\ncompany = 0\n");
    more_companies_than_agents("[fleet]\nagents = 5\n");
    no_agents("[fleet]\nagents = 0\n");
    more_participants_than_agents("[fleet]\nagents = 100\nparticipants = 101\n");
    a_lineage_of_what_has_no_parameters("[learner]\nkind = \"practice\"\n[measure]\nlineage = true\n");
    a_lineage_of_nobodys_merge("[distiller]\ntopology = \"isolated\"\n[measure]\nlineage = true\n");
    a_lineage_of_several_cores("[distiller]\ntopology = \"gossip\"\n[measure]\nlineage = true\n");
    a_lineage_of_several_hives("[measure]\nlineage = true\n[[hives]]\n[[hives]]\n");
    a_lineage_of_examples("[distiller]\nexchange = \"experience\"\n[measure]\nlineage = true\n");
    a_lineage_beside_a_core_that_is_trained("[distiller.server]\nkind = \"feddf\"\n[measure]\nlineage = true\n");
    a_lineage_of_too_many_companies("[world]\ncompanies = 65\n[measure]\nlineage = true\n");
    interference_of_nobodys_merge("[distiller]\ntopology = \"pooled\"\n[measure]\ninterference = true\n");
    barriers_in_a_panel_of_one("[measure]\npanel = 1\nbarriers = 3\n");
    barriers_that_fill_memory("[world]\nskills = 10000\nfeatures = 4096\nanswers = 256\n[measure]\nbarriers = 10000\n");
    a_panel_larger_than_the_fleet("[fleet]\nagents = 20\n[measure]\npanel = 64\n");
    a_horizon_with_semantic_feedback("[feedback]\nhorizon = 4\n");
    a_horizon_longer_than_a_round("[fleet]\ntasks = 3\n[feedback]\nkind = \"verifiable\"\nhorizon = 4\n");
    a_horizon_with_batches("[learner.solver]\nbatch = 4\n[feedback]\nkind = \"verifiable\"\nhorizon = 4\n");
    stragglers_with_one_task("[fleet]\ntasks = 1\nstragglers.share = 0.5\n");
    stragglers_with_one_episode("[fleet]\ntasks = 8\nstragglers.share = 0.5\n[feedback]\nkind = \"verifiable\"\nhorizon = 8\n");
    stragglers_with_one_pass("[world]\nkind = \"synthetic\"\n[fleet]\nstragglers.share = 0.5\n");
    stragglers_with_one_pass_over_a_dataset("[world]\nkind = \"dataset\"\npath = \"data\"\n[fleet.stragglers]\nshare = 0.5\n[learner.solver]\nepochs = 1\n");
    personalisation_in_isolation("[distiller]\ntopology = \"isolated\"\n[job_knowledge]\npersonalisation = \"fedsim\"\n");
    personalisation_of_one_learner("[distiller]\ntopology = \"pooled\"\n[job_knowledge]\npersonalisation = \"fedalt\"\n");
    a_pull_of_no_job_knowledge("[job_knowledge]\npull = \"reset\"\n");
    a_rebase_of_adapters("[learner]\nkind = \"mlp\"\n[job_knowledge]\npersonalisation = \"fedsim\"\npull = \"rebase\"\n");
    nested_with_a_pull("[job_knowledge]\npersonalisation = \"nested\"\npull = \"decay\"\n");
    nested_adapters("[learner]\nkind = \"mlp\"\n[job_knowledge]\npersonalisation = \"nested\"\n");
    nested_without_contributions("[distiller]\nexchange = \"experience\"\n[job_knowledge]\npersonalisation = \"nested\"\n");
    fedalt_with_a_single_step("[fleet]\ntasks = 8\n[learner.solver]\nbatch = 8\n[job_knowledge]\npersonalisation = \"fedalt\"\n");
    fedalt_with_a_single_episode("[fleet]\ntasks = 8\n[feedback]\nkind = \"verifiable\"\nhorizon = 5\n[job_knowledge]\npersonalisation = \"fedalt\"\n");
    an_exchange_in_isolation("[distiller]\ntopology = \"isolated\"\nexchange = \"experience\"\n");
    an_exchange_with_one_learner("[distiller]\ntopology = \"pooled\"\nexchange = \"predictions\"\n");
    predictions_in_the_paper_world("[world]\nkind = \"synthetic\"\n[distiller]\nexchange = \"predictions\"\n");
    predictions_in_the_dataset_world("[world]\nkind = \"dataset\"\npath = \"data\"\n[distiller]\nexchange = \"predictions\"\n");
    bounds_of_a_bound("[distiller]\ntopology = \"isolated\"\n[measure]\nbounds = [\"pooled\", \"isolated\"]\n");
    dropped_stragglers_without_a_merge("[fleet.stragglers]\nshare = 0.5\npartial = \"drop\"\n[distiller]\ntopology = \"isolated\"\n");
    no_checkpoint_to_keep("[checkpoint]\nkeep = 0\n");
    a_pause_before_the_past("[checkpoint]\nseconds = -1\n");
    a_checkpoint_key_misspelt("[checkpoint]\nround = 5\n");
    threads_of_the_serial_engine("[engine]\nkind = \"serial\"\nthreads = 4\n");
    numbers_over_ranks("[engine]\nkind = \"mpi\"\n[learner]\nkind = \"practice\"\n");
    no_training_examples("[world]\nkind = \"synthetic\"\ntrain_share = 0.5\nsizes = { kind = \"fixed\", examples = 1 }\n");
    several_combinations("[fleet]\nagents = 5\ntasks = 2\n[feedback]\nhorizon = 3\n[measure]\npanel = 6\n");
}

refused! {
    attacks:
    a_method_misspelt("[attack]\nshare = 0.2\nmethod = { kind = \"mimick\" }\n");
    knowledge_misspelt("[attack]\nshare = 0.2\nknowledge = \"all\"\n");
    a_key_of_another_method("[attack]\nshare = 0.2\nmethod = { kind = \"mimic\", epsilon = 0.5 }\n");
    more_than_all_attack("[attack]\nshare = 1.5\n");
    all_attack("[fleet]\nagents = 10\n[attack]\nshare = 0.95\n");
    attackers_without_parameters("[learner]\nkind = \"practice\"\n[attack]\nshare = 0.2\n");
    attackers_in_isolation("[distiller]\ntopology = \"isolated\"\n[attack]\nshare = 0.2\n");
    attackers_in_companies_layers("[job_knowledge]\npersonalisation = \"nested\"\n[attack]\nshare = 0.2\n");
    attackers_in_a_lineage("[measure]\nlineage = true\n[attack]\nshare = 0.2\n");
    contributions_of_predictions("[distiller]\nexchange = \"predictions\"\n[attack]\nshare = 0.2\n");
    a_backdoor_in_no_skill("[world]\nskills = 5\n[attack]\nshare = 0.2\nmethod = { kind = \"backdoor\", skill = 5 }\n");
    a_backdoor_to_no_answer("[world]\nkind = \"synthetic\"\n[attack]\nshare = 0.2\nmethod = { kind = \"backdoor\", answer = 10 }\n");
    a_backdoor_that_nobody_uses_to_a_skill_that_is_none("[attack.method]\nkind = \"backdoor\"\nskill = 99\n");
}

/// A change of a hive of 20 agents in round 4.
fn change(set: &str) -> String {
    format!("rounds = 9\n[fleet]\nagents = 20\n\n[[changes]]\nround = 4\nset = [{set}]\n")
}

refused! {
    changes:
    a_strategy_misspelt(&super::change("\"distiller.combine.kind=medain\""));
    a_key_misspelt(&super::change("\"faults.loss=0.2\", \"faults.delays=0.2\""));
    a_table_misspelt(&super::change("\"atack.share=0.2\""));
    a_key_that_stays(&super::change("\"attack.share=0.2\", \"fleet.agents=40\""));
    what_becomes_of_absent_blocks(&super::change("\"distiller.absent=zero\""));
    a_whole_table_that_holds_more(&super::change("'distiller={combine={kind=\"krum\"}}'"));
    changes_of_changes(&super::change("\"changes.0.round=3\""));
    no_equals_sign(&super::change("\"attack.share\""));
    nothing_after_the_equals_sign(&super::change("\"attack.share=\""));
    nothing_to_set(&super::change(""));
    a_value_out_of_range(&super::change("\"attack.share=2\""));
    all_attack_later(&super::change("\"attack.share=0.95\"").replace("agents = 20", "agents = 9\n[world]\ncompanies = 3"));
    a_strategy_that_needs_more_agents(&super::change("'distiller.combine={kind=\"krum\",f=12}'"));
    a_parameter_of_the_kind_before(&super::change("\"distiller.combine.f=3\", \"distiller.combine.kind=krum\", \"distiller.combine.weighting=equal\""));
    what_only_the_second_of_two_does_not_go_with("rounds = 9\n[[changes]]\nround = 3\nset = [\"distiller.combine.kind=fisher\"]\n[[changes]]\nround = 6\nset = ['distiller.pre=[{kind=\"clip\"}]']\n");
    a_round_after_the_end("rounds = 9\n[[changes]]\nround = 10\nset = [\"faults.loss=0.1\"]\n");
    a_round_before_the_first("[[changes]]\nround = 0\nset = [\"faults.loss=0.1\"]\n");
    rounds_that_do_not_rise("[[changes]]\nround = 4\nset = [\"faults.loss=0.1\"]\n[[changes]]\nround = 4\nset = [\"faults.loss=0.2\"]\n");
    no_round("[[changes]]\nset = [\"faults.loss=0.1\"]\n");
    a_text_for_a_list("[[changes]]\nround = 4\nset = \"faults.loss=0.1\"\n");
    of_numbers("[learner]\nkind = \"practice\"\n[[changes]]\nround = 4\nset = [\"distiller.combine.kind=median\"]\n");
    in_isolation("[distiller]\ntopology = \"isolated\"\n[[changes]]\nround = 4\nset = [\"distiller.combine.kind=median\"]\n");
    of_a_strategy_under_a_lineage("[measure]\nlineage = true\n[[changes]]\nround = 4\nset = [\"distiller.combine.kind=median\"]\n");
    of_noise_that_vouches_for_privacy("[distiller]\nabsent = \"zero\"\ncombine = { kind = \"norm-bound\", scope = \"model\", noise = 1.0 }\n[[changes]]\nround = 4\nset = [\"distiller.combine.noise=0.5\"]\n");
    faults_on_a_graph("[distiller]\ntopology = \"gossip\"\n[[changes]]\nround = 4\nset = [\"faults.loss=0.1\"]\n");
    a_hive_that_is_none("[[hives]]\n[[hives]]\n[[changes]]\nround = 4\nset = [\"hives.3.combine.kind=median\"]\n");
    from_the_command_line("rounds = 9\n", "changes=[{round=4,set=[\"attack.share=0.1\",\"attack.methd.kind=mimic\"]}]");
}

refused! {
    faults:
    a_fault_misspelt("[faults]\nlos = 0.1\n");
    a_loss_above_one("[faults]\nloss = 1.1\n");
    faults_without_a_distiller("[faults]\nloss = 0.1\n[distiller]\ntopology = \"isolated\"\n");
    faults_between_neighbours("[faults]\nloss = 0.1\n[distiller]\ntopology = \"gossip\"\n");
    faults_of_numbers("[faults]\nloss = 0.1\n[learner]\nkind = \"practice\"\n");
    corrupted_predictions("[faults]\ncorruption = 0.1\n[distiller]\nexchange = \"predictions\"\n");
    late_examples("[faults]\ndelay = 0.1\n[distiller]\nexchange = \"experience\"\n");
    late_control_variates("[faults]\ndelay = 0.1\n[learner.solver]\nscaffold = true\n");
    late_work_of_companies("[faults]\ndelay = 0.1\n[job_knowledge]\npersonalisation = \"nested\"\n");
    a_lineage_of_late_work("[faults]\ndelay = 0.1\n[measure]\nlineage = true\n");
    nothing_ever_arrives("[faults]\nloss = 1.0\n[distiller.schedule]\nkind = \"buffered\"\n");
    a_trace_without_a_file("[fleet]\navailability = { kind = \"trace\" }\n");
    a_trace_of_numbers("[learner]\nkind = \"practice\"\n[fleet]\navailability = { kind = \"trace\", file = \"a.csv\" }\n");
    an_availability_misspelt("[fleet]\navailability = { kind = \"markow\" }\n");
    hours_longer_than_their_period("[fleet]\navailability = { kind = \"hours\", period = 8, hours = 9 }\n");
    availability_of_numbers("[fleet]\navailability = { kind = \"markov\" }\n[learner]\nkind = \"practice\"\n");
    churn_of_numbers("[fleet.churn]\nrate = 0.1\n[learner]\nkind = \"practice\"\n");
}

refused! {
    schedules:
    a_schedule_misspelt("[distiller.schedule]\nkind = \"bufferd\"\n");
    a_staleness_misspelt("[distiller.schedule]\nkind = \"buffered\"\nstaleness = { kind = \"polinomial\" }\n");
    no_learnings_a_publication("[distiller.schedule]\nkind = \"buffered\"\nlearnings = 0\n");
    learnings_of_everyone_in_step("[distiller.schedule]\nlearnings = 5\n");
    a_mixing_above_one("[distiller.schedule]\nkind = \"asynchronous\"\nmixing = 1.5\n");
    a_tail_without_end("[fleet.speed]\nkind = \"pareto\"\ntail = 0.1\n");
    a_buffer_of_levels("[distiller]\ntopology = \"hierarchical\"\nschedule = { kind = \"buffered\" }\n");
    a_buffer_of_several_hives("[distiller.schedule]\nkind = \"buffered\"\n[[hives]]\n[[hives]]\n");
    a_buffer_of_examples("[distiller]\nexchange = \"experience\"\nschedule = { kind = \"buffered\" }\n");
    a_buffer_before_feddf("[distiller]\nserver = { kind = \"feddf\" }\nschedule = { kind = \"buffered\" }\n");
    a_buffer_with_private_noise("[distiller]\nabsent = \"zero\"\ncombine = { kind = \"norm-bound\", noise = 1.0, scope = \"model\" }\nschedule = { kind = \"buffered\" }\n");
    a_buffer_with_nested_knowledge("[distiller.schedule]\nkind = \"buffered\"\n[job_knowledge]\npersonalisation = \"nested\"\n");
    a_buffer_with_control_variates("[distiller.schedule]\nkind = \"asynchronous\"\n[learner.solver]\nscaffold = true\n");
    a_buffer_with_stragglers("[distiller.schedule]\nkind = \"buffered\"\n[fleet.stragglers]\nshare = 0.5\n");
    a_buffer_with_a_deadline("[distiller.schedule]\nkind = \"asynchronous\"\n[fleet.stragglers]\ndeadline = 2\n");
    a_deadline_beside_a_share("[fleet.stragglers]\nshare = 0.5\ndeadline = 1.5\n");
    a_deadline_of_practice("[learner]\nkind = \"practice\"\n[fleet.stragglers]\ndeadline = 2\n");
    a_deadline_in_the_past("[fleet.stragglers]\ndeadline = -1\n");
    dropped_late_ones_without_a_merge("[fleet.stragglers]\ndeadline = 1.5\npartial = \"drop\"\n[distiller]\ntopology = \"isolated\"\n");
    a_buffer_with_newcomers("[distiller.schedule]\nkind = \"buffered\"\n[fleet.newcomers]\nagents = 5\n");
    a_lineage_out_of_step("[distiller.schedule]\nkind = \"asynchronous\"\n[measure]\nlineage = true\n");
    a_buffer_of_practice("[learner]\nkind = \"practice\"\n[distiller.schedule]\nkind = \"buffered\"\n");
    speeds_of_practice("[learner]\nkind = \"practice\"\n[fleet]\nspeed = { kind = \"lognormal\" }\nlatency = 1.0\n");
    a_buffer_too_small_for_krum("[distiller]\nschedule = { kind = \"buffered\", learnings = 4 }\ncombine = { kind = \"krum\", f = 1 }\n");
    krum_with_every_learning("[distiller]\nschedule = { kind = \"asynchronous\" }\ncombine = { kind = \"krum\", f = 0 }\n");
    cores_out_of_step_that_fill_memory("rounds = 1000000\n[fleet]\nagents = 100000000\n[measure]\nevery = 1000000\npanel = 1\n[distiller.schedule]\nkind = \"asynchronous\"\n[learner]\nkind = \"mlp\"\nhidden = [1024, 1024, 1024]\n");
}

refused! {
    memory:
    more_truths_than_memory("[world]\nskills = 100000\nfeatures = 4096\nanswers = 256\n");
    more_held_back_than_memory("[fleet]\nagents = 100000000\n[world]\nfeatures = 300\n[distiller.compression]\nkind = \"top-k\"\n");
    more_probes_than_memory("[world]\nskills = 100000\nfeatures = 100\n[measure]\nprobes = 100000\n");
    more_jobs_than_memory("[world]\nskills = 10000\nalpha = 1e6\nzipf = 0.0\n[fleet]\nagents = 100000000\n");
    more_tasks_than_memory("[world]\nfeatures = 4096\n[fleet]\ntasks = 1000000\n[engine]\nthreads = 1024\n");
    more_pooled_tasks_than_memory("[world]\nfeatures = 4096\n[fleet]\nagents = 1000\ntasks = 1000000\n[measure]\nbounds = [\"pooled\"]\n");
    more_buckets_than_memory("[world]\nfeatures = 4096\nanswers = 256\n[learner]\nbuckets = 1000000\n");
    more_job_knowledge_than_memory("[world]\nfeatures = 1000\n[fleet]\nagents = 100000000\n[job_knowledge]\npersonalisation = \"fedsim\"\n");
    more_networks_than_memory("[fleet]\nagents = 100000000\n[learner]\nkind = \"mlp\"\nhidden = [1024, 1024]\n[measure]\nbounds = [\"isolated\"]\n");
    more_examples_than_memory("[fleet]\nagents = 100000000\ntasks = 1000\n[distiller]\nexchange = \"experience\"\n[distiller.experience]\nreservoir = 1000\n");
    more_shared_inputs_than_memory("[world]\nskills = 100000\nfeatures = 100\n[distiller]\nexchange = \"predictions\"\n[distiller.predictions]\ninputs = 100000\n");
    more_levels_than_memory("rounds = 1000000\n[fleet]\nagents = 1000000\n[measure]\npanel = 0\n");
    more_data_than_memory("[world]\nkind = \"synthetic\"\nsizes = { kind = \"fixed\", examples = 10000000 }\n[fleet]\nagents = 1000000\n");
    more_than_memory_by_an_override("[world]\nskills = 100000\nfeatures = 4096\n", "world.answers=256");
}

refused! {
    overrides:
    without_an_equals_sign("", "rounds");
    without_a_key("", "=5");
    with_an_empty_part("", "world..alpha=1");
    without_a_value("", "name=");
    of_an_unknown_key("[world]\nalpha = 0.1\n", "world.alpah=1");
    of_an_unknown_table("", "feet.agents=10");
    out_of_range("rounds = 3\n", "rounds=0");
    of_the_wrong_type("rounds = 3\n", "rounds=many");
    with_broken_toml("", "measure.bounds=[isolated]");
    with_a_string_left_open("", "name=\"a");
    below_a_value("rounds = 3\n", "rounds.x=1");
    of_a_kind_that_the_files_keys_do_not_fit("[world]\nskills = 8\ncompanies = 4\nalpha = 0.5\n", "world.kind=dataset", "world.path=data");
    of_a_kind_that_one_key_does_not_fit("[learner]\nkind = \"softmax\"\nbuckets = 8\n", "learner.kind=mlp");
    of_a_list_by_a_word("[[world.changes]]\nround = 3\nskill = 0\n", "world.changes.first.round=3");
    past_the_end_of_a_list("[[world.changes]]\nround = 3\nskill = 0\n", "world.changes.2.round=3");
    of_a_list_that_is_not_there("", "world.changes.1.round=3");
    that_makes_an_impossible_combination("[distiller]\nexchange = \"experience\"\n", "distiller.topology=pooled");
    of_a_kind_by_the_table("", "world=synthetic");
    of_text_by_a_number("", "name=7");
    of_great_depth("", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1");
    of_a_list_by_a_number_below_zero("", "world.changes.-1.round=1");
    inside_a_list("", "world.changes=[{round=1}]");
    of_a_list_with_a_word_twice("", "measure.bounds=[\"isolated\", \"isolated\"]");
    several_at_once("rounds = 0\n", "fleet.agents=-1", "seed=x");
}

refused! {
    encoding:
    windows_line_ends("rounds = 3\r\n[fleet]\r\nagents = -1\r\n");
    a_byte_order_mark("\u{feff}rounds = 0\n");
    tabs_before_the_value("[fleet]\n\tagents\t=\t-1\n");
    wide_characters_before_the_value("[fleet]\nstragglers = { partial = \"日本語\", share = 2 }\n");
    a_long_line(&format!("[learner]\nkind = \"mlp\"\nhidden = [{}0{}]\n", "32, ".repeat(60), ", 32".repeat(60)));
    a_character_that_turns_the_text("name = \"a\"\nname = \"\u{202e}b\"\n");
    the_end_of_the_text("[world]\nskills = ");
}

refused! {
    strategies:
    krum_of_too_few("[fleet]\nagents = 12\nparticipants = 6\n[measure]\npanel = 6\n[distiller.combine]\nkind = \"krum\"\nf = 2\n");
    krum_of_too_few_buckets("[fleet]\nagents = 20\n[measure]\npanel = 6\n[distiller]\npre = [{ kind = \"bucketing\", size = 10 }]\n[distiller.combine]\nkind = \"krum\"\n");
    mixing_of_too_few("[fleet]\nagents = 12\n[measure]\npanel = 6\n[distiller]\npre = [{ kind = \"nearest-neighbour-mixing\", f = 6 }]\n");
    slerp_of_a_fleet("[distiller.combine]\nkind = \"slerp\"\n");
    too_many_subsets("[distiller.combine]\nkind = \"mda\"\n");
    more_than_there_are("[fleet]\nagents = 12\n[measure]\npanel = 6\n[distiller.combine]\nkind = \"multi-krum\"\nkeep = 13\n");
    nothing_to_combine("[distiller]\nexchange = \"experience\"\n[distiller.combine]\nkind = \"median\"\n");
    nothing_to_mix("[distiller]\nexchange = \"experience\"\npre = [{ kind = \"clip\" }]\n");
    nothing_to_step("[distiller]\nexchange = \"experience\"\nserver = { kind = \"fedadam\" }\n");
    momentum_of_answers("[distiller]\nexchange = \"predictions\"\nserver = { kind = \"fedavgm\" }\n");
    fisher_of_answers("[distiller]\nexchange = \"predictions\"\ncombine = { kind = \"fisher\" }\n");
    champion_of_answers("[distiller]\nexchange = \"predictions\"\ncombine = { kind = \"best-by-probe\" }\n");
    fisher_of_mixtures("[distiller]\npre = [{ kind = \"clip\" }]\ncombine = { kind = \"fisher\" }\n");
    gram_of_nothing("[distiller]\nabsent = \"zero\"\ncombine = { kind = \"regmean\" }\n");
    trials_without_tasks("[world]\nkind = \"synthetic\"\n[distiller.combine]\nkind = \"greedy-soup\"\n");
    an_ensemble_without_inputs("[world]\nkind = \"synthetic\"\n[distiller.server]\nkind = \"feddf\"\n");
    noise_on_what_was_touched("[distiller.combine]\nkind = \"norm-bound\"\nnoise = 1.0\n");
    noise_block_by_block("[distiller]\nabsent = \"zero\"\n[distiller.combine]\nkind = \"norm-bound\"\nnoise = 1.0\nscope = \"block\"\n");
    noise_on_mixtures("[distiller]\nabsent = \"zero\"\npre = [{ kind = \"bucketing\" }]\n[distiller.combine]\nkind = \"norm-bound\"\nnoise = 1.0\n");
    noise_and_an_ensemble("[distiller]\nabsent = \"zero\"\n[distiller.combine]\nkind = \"norm-bound\"\nnoise = 1.0\n[distiller.server]\nkind = \"feddf\"\n");
    noise_and_companies("[job_knowledge]\npersonalisation = \"nested\"\n[distiller]\nabsent = \"zero\"\n[distiller.combine]\nkind = \"norm-bound\"\nnoise = 1.0\n");
    scaffold_without_contributions("[distiller]\nexchange = \"experience\"\n[learner.solver]\nscaffold = true\n");
    scaffold_with_job_knowledge("[job_knowledge]\npersonalisation = \"fedsim\"\n[learner.solver]\nscaffold = true\n");
    scaffold_with_a_horizon("[feedback]\nkind = \"verifiable\"\nhorizon = 5\n[learner.solver]\nscaffold = true\n");
    a_setting_of_another_strategy("[distiller.combine]\nkind = \"median\"\ndensity = 0.2\n");
    a_density_above_one("[distiller.combine]\nkind = \"ties\"\ndensity = 1.5\n");
    a_step_misspelt("[distiller.server]\nkind = \"fedadm\"\n");
}

refused! {
    compression:
    a_kind_misspelt("[distiller.compression]\nkind = \"topk\"\n");
    a_setting_of_another_kind("[distiller.compression]\nkind = \"one-bit\"\nshare = 0.1\n");
    a_share_of_nothing("[distiller.compression]\nkind = \"top-k\"\nshare = 0.0\n");
    scaled_with_feedback("[distiller.compression]\nkind = \"random-k\"\nscaled = true\n");
    of_answers("[distiller]\nexchange = \"predictions\"\n[distiller.compression]\nkind = \"int8\"\n");
    of_models("[distiller]\ntopology = \"gossip\"\n[distiller.compression]\nkind = \"top-k\"\n");
    of_nothing("[distiller]\ntopology = \"isolated\"\n[distiller.compression]\nkind = \"one-bit\"\n");
    of_proficiencies("[learner]\nkind = \"practice\"\n[distiller.compression]\nkind = \"one-bit\"\n");
    with_a_private_rest("[job_knowledge]\npersonalisation = \"nested\"\n[distiller.compression]\nkind = \"one-bit\"\n");
    with_controls("[learner.solver]\nscaffold = true\n[distiller.compression]\nkind = \"one-bit\"\n");
}

refused! {
    suggestions:
    none_of_a_key_of_another_kind("rank = 3\n");
    one_of_a_key_of_the_kind_that_is_there("hidden = [3]\n[learner]\nkind = \"mlp\"\n");
    one_within_the_table_before_all_others("[learner]\nepochs = 2\n");
    none_of_a_key_that_is_there_already("[fleet]\nagents = 300\nagent = 4\n");
    one_of_a_key_of_the_file_to_an_override("[fleet]\nagents = 300\n", "fleet.agent=4");
    none_of_a_number_out_of_range("[fleet]\nagents = \"-5\"\n");
    none_of_a_number_for_a_list_of_words("[measure]\nbounds = 3\n");
    one_of_a_word_for_a_list_of_words("[measure]\nbounds = \"isolated\"\n");
    none_of_a_word_that_the_list_does_not_take("[measure]\nbounds = \"isolatd\"\n");
    none_of_a_header_for_a_list_of_words("[measure.bounds]\nx = 1\n");
    one_of_a_kind_for_an_entry("[distiller]\npre = [\"clp\"]\n");
    one_of_a_number_for_a_list_by_an_override("", "world.changes.round=5");
    none_of_a_header_for_an_override("", "fleet=[1]");
    none_of_a_letter_that_is_another("k = 3\n");
}

refused! {
    crowds:
    more_changes_than_are_taken(&format!("[world]\nchanges = [{}]\n", "{round=1},".repeat(10_001)));
    more_unknown_keys_than_are_told_of(&(0..20_000).map(|i| format!("a{i} = 1\n")).collect::<String>());
    more_lines_without_a_value_than_are_told_of(&"rounds=\n".repeat(50_000));
    a_key_of_very_many_parts(&format!("rounds = 3\n{}=1\n", "a.".repeat(5_000) + "a"));
    a_list_of_lists_for_tables("[world]\nchanges = [[{round=1}]]\n");
    a_list_with_a_word_that_is_not_taken("[learner]\nkind = [\"a\"]\n");
}

refused! { live:
    free_agents_of_numbers("[engine]\nkind = \"live\"\n[learner]\nkind = \"practice\"\n");
    free_agents_of_several_hives("[engine]\nkind = \"live\"\n[[hives]]\n[[hives]]\n");
    free_agents_in_levels("[engine]\nkind = \"live\"\n[distiller]\ntopology = \"hierarchical\"\n");
    free_agents_that_are_late("[engine]\nkind = \"live\"\n[faults]\ndelay = 0.2\n");
    a_sum_before_a_median("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"map-dashmap\"\n[distiller.combine]\nkind = \"median\"\n");
    a_sum_before_a_mean_of_zeros("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"map-dashmap\"\n[distiller]\nabsent = \"zero\"\n");
    a_sum_that_drops_its_oldest("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"map-dashmap\"\nfull = \"drop-oldest\"\n[distiller.schedule]\nkind = \"buffered\"\n");
    a_sum_for_one_learning("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"map-dashmap\"\n[distiller.schedule]\nkind = \"asynchronous\"\n");
    a_sum_with_attackers("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"map-dashmap\"\n[attack]\nshare = 0.2\n");
    a_round_that_drops_its_oldest("[engine]\nkind = \"live\"\n[engine.live]\nfull = \"drop-oldest\"\n");
    free_agents_that_come_and_go("[engine]\nkind = \"live\"\n[distiller.schedule]\nkind = \"buffered\"\n[fleet.availability]\nkind = \"markov\"\n[fleet.churn]\nrate = 0.1\n");
    free_agents_of_whom_some_rest("[engine]\nkind = \"live\"\n[distiller.schedule]\nkind = \"buffered\"\n[fleet]\nparticipants = 20\n");
    uneven_agents_flat_out("[engine]\nkind = \"live\"\n[distiller.schedule]\nkind = \"buffered\"\n[fleet]\njitter = 0.1\nspeed = { kind = \"lognormal\" }\n");
    a_fabric_misspelt("[engine]\nkind = \"live\"\n[engine.live]\nfabric = \"chanel-tokio\"\n");
    a_time_scale_below_nothing("[engine]\nkind = \"live\"\n[engine.live]\ntime_scale = -1.0\n");
}
