//! Random sequences of calls, against a model that says what each must do: who owns what, which keys are ready, who has
//! voted for what, what is permitted. The model knows nothing of how the contracts do it.

use alloy_primitives::{Address, U256};
use lit_node::chain::abi::{MINT_COST_WEI, PKPNFT, PKPPermissions, Reverts};
use lit_node::chain::calls::token_id;
use lit_node::chain::{ContractCall, Contracts, Grant, RevertReason};
use lit_node::id::Digest;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;

use super::network::*;

const KEYS: std::ops::RangeInclusive<u64> = 1..=6;
/// Validators of the set of four, two who are none, and users.
const VOTERS: [u8; 6] = [1, 2, 3, 4, 5, ALICE];
const USERS: [u8; 3] = [ALICE, BOB, CAROL];
const THRESHOLD: usize = 3;

/// An auth method's type and id.
type Method = (u64, Vec<u8>);

/// One transaction.
#[derive(Clone, Debug)]
enum Deed {
    Vote { voter: u8, secret: u64, data: u8 },
    Mint { user: u8, wei: u64 },
    MintGrantAndBurn { user: u8, cid: Vec<u8> },
    MintWithMethods { user: u8, grants: Vec<Grant>, own_address: bool, to_itself: bool },
    Burn { user: u8, secret: u64 },
    Transfer { user: u8, from: u8, to: u8, secret: u64 },
    Approve { user: u8, to: u8, secret: u64 },
    Operator { user: u8, operator: u8, approved: bool },
    Add { user: u8, secret: u64, grant: Grant },
    Remove { user: u8, secret: u64, method: Method },
    AddScope { user: u8, secret: u64, method: Method, scope: u64 },
    RemoveScope { user: u8, secret: u64, method: Method, scope: u64 },
    Batch { user: u8, secret: u64, add: Vec<Grant>, remove: Vec<Method> },
}

impl Deed {
    fn sender(&self) -> u8 {
        match self {
            Self::Vote { voter, .. } => *voter,
            Self::Mint { user, .. }
            | Self::MintGrantAndBurn { user, .. }
            | Self::MintWithMethods { user, .. }
            | Self::Burn { user, .. }
            | Self::Transfer { user, .. }
            | Self::Approve { user, .. }
            | Self::Operator { user, .. }
            | Self::Add { user, .. }
            | Self::Remove { user, .. }
            | Self::AddScope { user, .. }
            | Self::RemoveScope { user, .. }
            | Self::Batch { user, .. } => *user,
        }
    }

    fn call(&self, contracts: &Contracts) -> ContractCall {
        let method = |(kind, id): &Method| (*kind, id.clone());
        match self {
            Self::Vote { secret, data, .. } => contracts.vote_for_routing(&public_key(*secret), Digest([*data; 32])),
            Self::Mint { wei, .. } => ContractCall { value: U256::from(*wei), ..contracts.mint_next() },
            Self::MintGrantAndBurn { cid, .. } => contracts.mint_grant_and_burn_next(cid),
            Self::MintWithMethods { grants, own_address, to_itself, .. } => {
                contracts.mint_next_and_add_auth_methods(grants, *own_address, *to_itself)
            }
            Self::Burn { secret, .. } => contracts.burn(key_id(*secret)),
            Self::Transfer { from, to, secret, .. } => {
                contracts.transfer(address(*from), address(*to), key_id(*secret))
            }
            Self::Approve { to, secret, .. } => {
                let approve = More::approveCall { to: address(*to).into(), tokenId: token_id(key_id(*secret)) };
                call(contracts.pkp_nft, &approve)
            }
            Self::Operator { operator, approved, .. } => {
                let operator = More::setApprovalForAllCall { operator: address(*operator).into(), approved: *approved };
                call(contracts.pkp_nft, &operator)
            }
            Self::Add { secret, grant, .. } => contracts.add_permitted_auth_method(key_id(*secret), grant),
            Self::Remove { secret, method: (kind, id), .. } => {
                contracts.remove_permitted_auth_method(key_id(*secret), (*kind, id))
            }
            Self::AddScope { secret, method: (kind, id), scope, .. } => {
                contracts.add_scope(key_id(*secret), (*kind, id), *scope)
            }
            Self::RemoveScope { secret, method: (kind, id), scope, .. } => {
                contracts.remove_scope(key_id(*secret), (*kind, id), *scope)
            }
            Self::Batch { secret, add, remove, .. } => {
                let owned: Vec<Method> = remove.iter().map(method).collect();
                let remove: Vec<(u64, &[u8])> = owned.iter().map(|(kind, id)| (*kind, &id[..])).collect();
                contracts.batch_add_remove_auth_methods(key_id(*secret), add, &remove)
            }
        }
    }
}

/// What one permitted method has.
#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    user_pubkey: Vec<u8>,
    scopes: BTreeSet<u64>,
}

/// What should be so.
#[derive(Clone, Debug, Default)]
struct Model {
    contracts: Option<Contracts>,
    votes: BTreeMap<(u64, u8), BTreeSet<u8>>,
    routed: BTreeSet<u64>,
    ready: VecDeque<u64>,
    owners: BTreeMap<u64, [u8; 20]>,
    approved: BTreeMap<u64, [u8; 20]>,
    operators: BTreeSet<([u8; 20], [u8; 20])>,
    permitted: BTreeMap<u64, BTreeMap<Method, Entry>>,
    minted: u64,
}

impl Model {
    /// Does it, or says why not. What is refused changes nothing.
    fn does(&mut self, deed: &Deed) -> Result<(), RevertReason> {
        let mut next = self.clone();
        next.attempt(deed)?;
        *self = next;
        Ok(())
    }

    fn attempt(&mut self, deed: &Deed) -> Result<(), RevertReason> {
        let contracts = self.contracts.expect("set at the beginning");
        let sender = address(deed.sender());
        match deed {
            Deed::Vote { voter, secret, data } => self.vote(*voter, *secret, *data),
            Deed::Mint { wei, .. } => self.mint(*wei, sender).map(drop),
            Deed::MintGrantAndBurn { cid, .. } => {
                let secret = self.mint(MINT_COST_WEI, contracts.pkp_nft)?;
                self.add(secret, &grant(ACTION, cid, &[1]))?;
                self.owners.remove(&secret);
                Ok(())
            }
            Deed::MintWithMethods { grants, own_address, to_itself, .. } => {
                if *to_itself && grants.is_empty() {
                    return Err(custom(Reverts::NobodyPermitted {}));
                }
                let secret = self.mint(MINT_COST_WEI, contracts.helper)?;
                let itself = lit_node::key::eth_address(&point(secret));
                grants.iter().try_for_each(|grant| self.add(secret, grant))?;
                if *own_address {
                    self.add(secret, &grant(ADDRESS, &itself, &[1]))?;
                }
                self.owners.insert(secret, if *to_itself { itself } else { sender });
                Ok(())
            }
            Deed::Burn { secret, .. } => {
                self.authorised(*secret, sender)?;
                self.owners.remove(secret);
                self.approved.remove(secret);
                Ok(())
            }
            Deed::Transfer { from, to, secret, .. } => {
                let owner = self.authorised(*secret, sender)?;
                if owner != address(*from) {
                    let (sender, owner) = (address(*from).into(), owner.into());
                    let token = token_id(key_id(*secret));
                    return Err(custom(Reverts::ERC721IncorrectOwner { sender, tokenId: token, owner }));
                }
                self.owners.insert(*secret, address(*to));
                self.approved.remove(secret);
                Ok(())
            }
            Deed::Approve { to, secret, .. } => {
                let owner = self.owner(*secret)?;
                if owner != sender && !self.operators.contains(&(owner, sender)) {
                    return Err(custom(Reverts::ERC721InvalidApprover { approver: sender.into() }));
                }
                self.approved.insert(*secret, address(*to));
                Ok(())
            }
            Deed::Operator { operator, approved, .. } => {
                let pair = (sender, address(*operator));
                if *approved {
                    self.operators.insert(pair)
                } else {
                    self.operators.remove(&pair)
                };
                Ok(())
            }
            Deed::Add { secret, grant, .. } => self.as_owner(*secret, sender)?.add(*secret, grant),
            Deed::Remove { secret, method, .. } => self.as_owner(*secret, sender)?.remove(*secret, method),
            Deed::AddScope { secret, method, scope, .. } => {
                self.as_owner(*secret, sender)?.entry(*secret, method)?.scopes.insert(checked(*scope)?);
                Ok(())
            }
            Deed::RemoveScope { secret, method, scope, .. } => {
                self.as_owner(*secret, sender)?.entry(*secret, method)?.scopes.remove(&checked(*scope)?);
                Ok(())
            }
            Deed::Batch { secret, add, remove, .. } => {
                self.as_owner(*secret, sender)?;
                add.iter().try_for_each(|grant| self.add(*secret, grant))?;
                remove.iter().try_for_each(|method| self.remove(*secret, method))
            }
        }
    }

    fn vote(&mut self, voter: u8, secret: u64, data: u8) -> Result<(), RevertReason> {
        if voter > 4 {
            return Err(custom(Reverts::NotValidator { sender: address(voter).into() }));
        }
        let voters = self.votes.entry((secret, data)).or_default();
        voters.insert(voter);
        if voters.len() >= THRESHOLD && self.routed.insert(secret) {
            self.ready.push_back(secret);
        }
        Ok(())
    }

    fn mint(&mut self, wei: u64, to: [u8; 20]) -> Result<u64, RevertReason> {
        if wei != MINT_COST_WEI {
            return Err(message("You must pay exactly mint cost"));
        }
        let none = || message("There are no unminted routed token ids to mint");
        let secret = self.ready.pop_front().ok_or_else(none)?;
        self.owners.insert(secret, to);
        self.minted += 1;
        Ok(secret)
    }

    fn owner(&self, secret: u64) -> Result<[u8; 20], RevertReason> {
        self.owners.get(&secret).copied().ok_or_else(|| nonexistent(key_id(secret)))
    }

    /// The owner, if this is whom it is, or whom it approved.
    fn authorised(&self, secret: u64, sender: [u8; 20]) -> Result<[u8; 20], RevertReason> {
        let owner = self.owner(secret)?;
        let approved = self.approved.get(&secret) == Some(&sender) || self.operators.contains(&(owner, sender));
        if owner == sender || approved {
            return Ok(owner);
        }
        let token = token_id(key_id(secret));
        Err(custom(Reverts::ERC721InsufficientApproval { operator: sender.into(), tokenId: token }))
    }

    fn as_owner(&mut self, secret: u64, sender: [u8; 20]) -> Result<&mut Self, RevertReason> {
        if self.owner(secret)? == sender { Ok(self) } else { Err(message("Not PKP NFT owner")) }
    }

    fn add(&mut self, secret: u64, grant: &Grant) -> Result<(), RevertReason> {
        let method = &grant.method;
        let fits = match method.auth_method_type {
            0 => false,
            ADDRESS => method.id.len() == 20,
            _ => !method.id.is_empty(),
        };
        if !fits {
            let (kind, id) = (U256::from(method.auth_method_type), method.id.clone().into());
            return Err(custom(Reverts::InvalidAuthMethod { authMethodType: kind, id }));
        }
        let of_key = self.permitted.entry(secret).or_default();
        let entry = of_key.entry((method.auth_method_type, method.id.clone())).or_default();
        entry.user_pubkey = method.user_pubkey.clone();
        for scope in &grant.scopes {
            entry.scopes.insert(checked(*scope)?);
        }
        Ok(())
    }

    fn entry(&mut self, secret: u64, method: &Method) -> Result<&mut Entry, RevertReason> {
        self.permitted.entry(secret).or_default().get_mut(method).ok_or_else(|| not_permitted(secret, method))
    }

    fn remove(&mut self, secret: u64, method: &Method) -> Result<(), RevertReason> {
        let gone = self.permitted.entry(secret).or_default().remove(method);
        gone.map(drop).ok_or_else(|| not_permitted(secret, method))
    }

    /// Compares everything that can be asked with what should be so.
    fn check(&self, network: &mut Network) {
        for ((secret, data), voters) in &self.votes {
            assert_eq!(network.votes(*secret, Digest([*data; 32])), voters.len() as u64);
        }
        assert_eq!(network.waiting(), self.ready.len() as u64);
        let (nft, helper) = (network.contracts.pkp_nft, network.contracts.helper);
        assert_eq!(network.view(nft, PKPNFT::totalSupplyCall {}), U256::from(self.owners.len()));
        assert_eq!(network.chain.balance(nft), U256::from(self.minted) * U256::from(MINT_COST_WEI));
        for contract in [nft, helper] {
            assert_eq!(network.view(nft, PKPNFT::balanceOfCall { owner: contract.into() }), U256::ZERO);
        }
        for name in USERS {
            let owner = address(name);
            let owned = self.owners.values().filter(|other| **other == owner).count();
            assert_eq!(network.view(nft, PKPNFT::balanceOfCall { owner: owner.into() }), U256::from(owned));
        }
        KEYS.for_each(|secret| self.check_key(secret, network));
        self.check_ways_back(network);
    }

    fn check_key(&self, secret: u64, network: &mut Network) {
        let id = key_id(secret);
        assert_eq!(network.is_routed(id), self.routed.contains(&secret));
        assert_eq!(network.owner(id), self.owners.get(&secret).copied());
        if self.owners.contains_key(&secret) {
            let approved = self.approved.get(&secret).copied().unwrap_or_default();
            let asked = More::getApprovedCall { tokenId: token_id(id) };
            assert_eq!(network.view(network.contracts.pkp_nft, asked), Address::from(approved));
        }
        let listed: BTreeMap<Method, Entry> = network
            .methods(id)
            .into_iter()
            .map(|method| {
                let bits = network.scopes_up_to_255(id, (method.auth_method_type, &method.id));
                let entry = Entry { user_pubkey: method.user_pubkey, scopes: bits };
                ((method.auth_method_type, method.id), entry)
            })
            .collect();
        assert_eq!(listed, self.permitted.get(&secret).cloned().unwrap_or_default());
    }

    /// Every method leads to the tokens that permit it, and what nobody permits has no scopes.
    fn check_ways_back(&self, network: &mut Network) {
        for (kind, id) in methods() {
            let method = (kind, id.clone());
            let permit = |(secret, entries): (&u64, &BTreeMap<Method, Entry>)| {
                entries.contains_key(&method).then(|| token_id(key_id(*secret)))
            };
            let expected: BTreeSet<U256> = self.permitted.iter().filter_map(permit).collect();
            let asked = PKPPermissions::getTokenIdsForAuthMethodCall {
                authMethodType: U256::from(kind),
                id: id.clone().into(),
            };
            let listed = network.view(network.contracts.permissions, asked);
            assert_eq!((listed.len(), listed.into_iter().collect::<BTreeSet<_>>()), (expected.len(), expected));
            for secret in KEYS {
                if !self.permitted.get(&secret).is_some_and(|entries| entries.contains_key(&method)) {
                    assert!(network.scopes_up_to_255(key_id(secret), (kind, &id)).is_empty());
                }
            }
        }
    }
}

fn checked(scope: u64) -> Result<u64, RevertReason> {
    let invalid = || custom(Reverts::InvalidScope { scopeId: U256::from(scope) });
    (1..=255).contains(&scope).then_some(scope).ok_or_else(invalid)
}

fn not_permitted(secret: u64, (kind, id): &Method) -> RevertReason {
    let (token, kind, id) = (token_id(key_id(secret)), U256::from(*kind), id.clone().into());
    custom(Reverts::NotPermitted { tokenId: token, authMethodType: kind, id })
}

impl Network {
    fn scopes_up_to_255(&mut self, id: lit_node::id::KeyId, method: (u64, &[u8])) -> BTreeSet<u64> {
        let reply = self.ask(|contracts, block| contracts.ask_permitted_scopes(id, method, 256, block));
        let bits = lit_node::chain::lists::permitted_scopes(&reply).unwrap();
        (0..).zip(bits).filter_map(|(scope, has)| has.then_some(scope)).collect()
    }
}

/// The methods that deeds are about: few, so that they meet.
fn methods() -> Vec<Method> {
    let users = USERS.map(|name| (ADDRESS, address(name).to_vec()));
    let others = [(ACTION, CID.to_vec()), (WEBAUTHN, vec![3; 4]), (GOOGLE, b"user".to_vec())];
    users.into_iter().chain(others).collect()
}

fn a_method() -> impl Strategy<Value = Method> {
    proptest::sample::select(methods())
}

/// Mostly good; sometimes of a type or with an id that is none.
fn a_grant() -> impl Strategy<Value = Grant> {
    let bad = proptest::sample::select(vec![(0, vec![1]), (ADDRESS, vec![7; 19]), (GOOGLE, vec![])]);
    let method = prop_oneof![12 => a_method(), 1 => bad];
    let scope = prop_oneof![20 => 1..=4u64, 2 => Just(255), 1 => Just(0), 1 => Just(256)];
    let scopes = proptest::collection::vec(scope, 0..3);
    (method, scopes, proptest::collection::vec(any::<u8>(), 0..3)).prop_map(|((kind, id), scopes, user_pubkey)| {
        let mut grant = grant(kind, &id, &scopes);
        grant.method.user_pubkey = user_pubkey;
        grant
    })
}

fn a_deed() -> impl Strategy<Value = Deed> {
    let user = || proptest::sample::select(USERS.to_vec());
    let grants = || proptest::collection::vec(a_grant(), 0..3);
    let voter = proptest::sample::select(VOTERS.to_vec());
    let wei = prop_oneof![9 => Just(MINT_COST_WEI), 1 => Just(0), 1 => Just(MINT_COST_WEI + 1)];
    let cid = prop_oneof![9 => Just(CID.to_vec()), 1 => Just(Vec::new())];
    let scope = || prop_oneof![9 => 1..=4u64, 1 => Just(0u64)];
    let removals = proptest::collection::vec(a_method(), 0..3);
    prop_oneof![
        30 => (voter, KEYS, 0..2u8).prop_map(|(voter, secret, data)| Deed::Vote { voter, secret, data }),
        6 => (user(), wei).prop_map(|(user, wei)| Deed::Mint { user, wei }),
        3 => (user(), cid).prop_map(|(user, cid)| Deed::MintGrantAndBurn { user, cid }),
        4 => (user(), grants(), any::<bool>(), any::<bool>()).prop_map(|(user, grants, own_address, to_itself)| {
            Deed::MintWithMethods { user, grants, own_address, to_itself }
        }),
        2 => (user(), KEYS).prop_map(|(user, secret)| Deed::Burn { user, secret }),
        6 => (user(), user(), user(), KEYS)
            .prop_map(|(user, from, to, secret)| Deed::Transfer { user, from, to, secret }),
        4 => (user(), user(), KEYS).prop_map(|(user, to, secret)| Deed::Approve { user, to, secret }),
        3 => (user(), user(), any::<bool>())
            .prop_map(|(user, operator, approved)| Deed::Operator { user, operator, approved }),
        10 => (user(), KEYS, a_grant()).prop_map(|(user, secret, grant)| Deed::Add { user, secret, grant }),
        6 => (user(), KEYS, a_method()).prop_map(|(user, secret, method)| Deed::Remove { user, secret, method }),
        4 => (user(), KEYS, a_method(), scope())
            .prop_map(|(user, secret, method, scope)| Deed::AddScope { user, secret, method, scope }),
        3 => (user(), KEYS, a_method(), scope())
            .prop_map(|(user, secret, method, scope)| Deed::RemoveScope { user, secret, method, scope }),
        5 => (user(), KEYS, grants(), removals)
            .prop_map(|(user, secret, add, remove)| Deed::Batch { user, secret, add, remove }),
    ]
}

/// A network of four on which three keys are Alice's, Bob's and Carol's, and two more are ready, and its model.
fn start() -> (Network, Model) {
    static START: OnceLock<(Network, Model)> = OnceLock::new();
    let begin = || {
        let mut network = Network::of(4);
        let mut model = Model { contracts: Some(network.contracts), ..Model::default() };
        let votes = (1..=5).flat_map(|secret| (1..=3).map(move |voter| Deed::Vote { voter, secret, data: 0 }));
        let mints = USERS.map(|user| Deed::Mint { user, wei: MINT_COST_WEI });
        votes.chain(mints).for_each(|deed| step(&mut network, &mut model, &deed));
        (network, model)
    };
    START.get_or_init(begin).clone()
}

/// Does it in both worlds, which must agree on whether it can be done.
fn step(network: &mut Network, model: &mut Model, deed: &Deed) {
    let receipt = network.send(deed.sender(), deed.call(&network.contracts));
    let expected = model.does(deed).err();
    assert_eq!(receipt.revert_reason(), expected, "{deed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_called_in_whatever_order_the_contracts_do_what_the_model_does(
        deeds in proptest::collection::vec(a_deed(), 1..60)
    ) {
        let (mut network, mut model) = start();
        for deed in &deeds {
            step(&mut network, &mut model, deed);
        }
        model.check(&mut network);
    }
}
