//! Steps that are one transaction of a user's wallet.

use alloy_primitives::U256;
use lit_node::chain::{ContractCall, Grant};
use lit_node::cid;

use super::super::logins;
use super::{After, Desk, Running};
use crate::scenario::{Action, Deed};

/// The scope that a permission comes with: to sign anything.
const SCOPES: [u64; 1] = [1];

impl Running {
    /// Sends what a step changes on the chain.
    pub(super) fn change(&mut self, deed: &Deed, desk: &mut Desk<'_>) {
        let minted = |pkp: &String| After::Minted { pkp: pkp.clone() };
        let after = match deed {
            Deed::Mint { pkp, .. } | Deed::MintGrantBurn { pkp, .. } | Deed::MintFor { pkp, .. } => minted(pkp),
            _ => After::Nothing,
        };
        if let Some(call) = self.call(deed, desk) {
            self.transact(desk.book.wallet(&self.step.user), call, after, desk);
        }
    }

    fn call(&mut self, deed: &Deed, desk: &Desk<'_>) -> Option<ContractCall> {
        let contracts = desk.book.contracts;
        Some(match deed {
            Deed::Mint { value, .. } => {
                let call = contracts.mint_next();
                ContractCall { value: value.map_or(call.value, |value| U256::from(value.0)), ..call }
            }
            Deed::MintGrantBurn { action, .. } => contracts.mint_grant_and_burn_next(&cid_of(action)),
            Deed::MintFor { user, logins: chosen, scopes, .. } => {
                let grants: Vec<Grant> =
                    chosen.iter().map(|login| logins::grant(desk.book, user, *login, scopes)).collect();
                contracts.mint_next_and_add_auth_methods(&grants, true, true)
            }
            Deed::Burn { pkp } => contracts.burn(self.pkp(pkp, desk)?.key),
            Deed::PermitAction { pkp, action, may } => {
                let key = self.pkp(pkp, desk)?.key;
                match may {
                    true => contracts.add_permitted_action(key, &cid_of(action), &SCOPES),
                    false => contracts.remove_permitted_action(key, &cid_of(action)),
                }
            }
            Deed::PermitAddress { pkp, address, may } => {
                let (key, address) = (self.pkp(pkp, desk)?.key, desk.book.address(address));
                match may {
                    true => contracts.add_permitted_address(key, address, &SCOPES),
                    false => contracts.remove_permitted_address(key, address),
                }
            }
            Deed::PermitLogins { pkp, user, logins: chosen, scopes } => {
                let key = self.pkp(pkp, desk)?.key;
                let of = |scopes: &[u64]| -> Vec<Grant> {
                    chosen.iter().map(|login| logins::grant(desk.book, user, *login, scopes)).collect()
                };
                match scopes {
                    Some(scopes) => contracts.batch_add_remove_auth_methods(key, &of(scopes), &[]),
                    None => {
                        let gone = of(&[]);
                        let gone: Vec<(u64, &[u8])> =
                            gone.iter().map(|one| (one.method.auth_method_type, &one.method.id[..])).collect();
                        contracts.batch_add_remove_auth_methods(key, &[], &gone)
                    }
                }
            }
            Deed::Transfer { pkp, to } => {
                let key = self.pkp(pkp, desk)?.key;
                contracts.transfer(desk.book.address(&self.step.user), desk.book.address(to), key)
            }
            Deed::Fund { pkp, value } => {
                let to = self.pkp(pkp, desk)?.address();
                ContractCall { to, value: U256::from(value.0), data: Vec::new() }
            }
            _ => return None,
        })
    }
}

fn cid_of(action: &Action) -> Vec<u8> {
    cid::permission_bytes(&cid::cid_v0(action.code.as_bytes()))
}
