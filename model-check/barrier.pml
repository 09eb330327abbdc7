/*
 * Guarantee G as a model that spin checks in every interleaving: one key shared with one user, taken back and shared
 * again, a node that uses the key, a revoker on another node, and everything that may go wrong around them.
 * docs/GUARANTEE.md states the rules and reads the counterexamples.
 *
 *   -DBREAK=rule     one rule or assumption of the list below is broken
 *   -DREACH=event    no claims, but an error where the event happens: shows that the model can get there
 *   -DFENCE=1        the clock-free mode, `key-use-fence`, in which no clock is right
 *   -DMESSAGES=1     nodes say directly to each other, too, what they have applied
 *   -DREPLAYS=1      an administrator of etcd puts back what stood there
 *   -DOTHERS=1       other nodes take the key back too, and the revoker is asked for what one of them has done
 *   -DTICKS=n        how finely time is cut, 1 by default
 *   -DREVOCATIONS=n  how often the key is taken back, 1 by default
 *   -DANSWERED       adds the claim that every revocation is confirmed in the end
 */

/* What can be broken. */
#define NO_PRE_CHECK              1
#define NO_POST_CHECK             2
#define TICKET_AFTER_CHECK        3
#define ACK_BEFORE_DRAIN          4
#define TICKETS_OUTLIVE_RELOAD    5
#define LOAD_BEFORE_REGISTER      6
#define PROOF_UNREGISTERED        7
#define PROOF_BEFORE_APPLYING     8
#define DEADLINE_FROM_REPLY       9
#define DEADLINE_AFTER_LEASE_END 10
#define TRUST_ETCD_EXPIRY        11
#define TRUST_UNSEEN_ABSENCE     12
#define WAIT_FROM_SENDING        13
#define NO_WAIT                  14
#define NO_DRIFT_ALLOWANCE       15
#define CLOCK_STOPS_IN_SUSPEND   16
#define NO_FENCE                 17 /* clocks are wrong, and nothing stands in for them */
#define NO_FENCE_BEFORE          18
#define NO_FENCE_AFTER           19
#define REPLAYED_STAY_IS_NEW     20
#define REPLAYED_WORD_IS_NEW     21
#define ANSWER_FROM_WHAT_STANDS  22
#define MESSAGE_BEFORE_APPLYING  23
#define MESSAGE_FOR_LATER        24
#define MESSAGE_OF_ANOTHER       25
#define MESSAGE_FORGED           26

/* What must be possible. */
#define CONFIRMED_BY_ACK         1
#define CONFIRMED_BY_ABSENCE     2
#define CONFIRMED_BY_WAIT        3
#define RELEASED_BEFORE_CONFIRM  4
#define RELEASED_AFTER_RESHARE   5
#define REFUSED_BY_TICKET        6
#define REFUSED_BY_DEADLINE      7
#define REJOINED_IN_MID_USE      8
#define REPLAYED_IN_MID_USE      9
#define CONFIRMED_WHEN_ASKED_AGAIN 10
#define CONFIRMED_BY_MESSAGE     11
#define CONFIRMED_BY_MESSAGE_OF_ONE_GONE 12

#ifndef BREAK
#define BREAK 0
#endif
#ifndef REACH
#define REACH 0
#endif
#ifndef FENCE
#define FENCE 0
#endif
#ifndef MESSAGES
#define MESSAGES 0
#endif
#ifndef REPLAYS
#define REPLAYS 0
#endif
#ifndef OTHERS
#define OTHERS 0
#endif
#ifndef TICKS
#define TICKS 1
#endif
#ifndef REVOCATIONS
#define REVOCATIONS 1
#endif

#define broken(rule)           (BREAK == rule)
#define claim(condition)       assert(REACH || (condition))
#define event(name, condition) assert(REACH != name || !(condition))

/* A revision of the grant: the key is shared at the even ones and taken back at the odd ones. */
#define shared(revision) ((revision) % 2 == 0)
#define LAST (2 * REVOCATIONS - 1)
/* The last time that it was taken back up to a revision, 0 for never. */
#define taken(revision) (revision > 0 -> revision - shared(revision) : 0)

/*
 * In one tick of true time a clock advances by 1 or by 2, as it pleases. A node serves for SERVE on its own clock after
 * it asked for a proof; a revoker waits for OUTLIVE on its own. Without clocks a node does not look at its deadline,
 * and a wait is over whenever it likes.
 */
#define SLOW 1
#define FAST 2
#if FENCE
#define SERVE   0
#define OUTLIVE 1
#else
#define OUTLIVE (FAST * TICKS)
#if BREAK == DEADLINE_AFTER_LEASE_END
#define SERVE (OUTLIVE + 1)
#elif BREAK == NO_DRIFT_ALLOWANCE
#define SERVE OUTLIVE
#else
#define SERVE (SLOW * TICKS)
#endif
#endif
#define pass(timer, time) timer = (timer > time -> timer - time : 0)

/* etcd. Its transactions and reads are linearizable: each is one step. */
byte root;         /* the revision committed last */
bool registered;   /* a registration of the node stands … */
bool own;          /* … and is the one that it has put there last */
byte since;        /* the newest that there was says that this revision was applied when it was written … */
byte acknowledged; /* … and the newest acknowledgement, that this one is applied and drained */

/* The node. */
byte catalog; /* the revision applied */
byte left;    /* time to its deadline */
byte asked;   /* time to the deadline that the proof under way will give */
byte told;    /* the newest revocation that it has said directly to the other nodes to have applied and drained */

/* The key use under way on the node. */
mtype = { none, live, dead };
mtype ticket = none;
byte right;    /* the revision it was admitted under */
byte received; /* the revocation that was confirmed last when it was received … */
byte checked;  /* … and when its last check was made */

/* The revoker, and what its watch has told it so far. */
byte revision;  /* of its commit */
bool watching;
bool departed;  /* not told yet: a registration has ended */
bool sighted;   /* told of everything up to its commit */
bool behind;    /* told: the node is registered and may lack the commit */
byte absence;   /* time to wait since it was told that a registration has ended … */
byte unseen;    /* … and since it may have missed such an end */
byte wait;      /* … and since it knows that its commit is made */
bool heard;     /* the node has said directly that it is past this revision */
byte confirmed; /* the revocation for which success was returned last */

inline endRegistration() {
  departed = departed || (registered && watching);
  registered = false;
#if !REPLAYS
  since = 0;
  acknowledged = 0;
#endif
  own = false
}

inline endTickets() {
  ticket = (ticket == live -> dead : ticket)
}

/* A process that takes no step while clocks do is a pause; one that never does again has crashed. */
active proctype Clocks() {
  byte ofNode, ofRevoker;
end:
  do
  :: atomic {
       if
       :: ofNode = SLOW
       :: ofNode = FAST
       :: broken(CLOCK_STOPS_IN_SUSPEND) || broken(NO_FENCE) -> ofNode = 0
       fi;
       if
       :: ofRevoker = SLOW
       :: ofRevoker = FAST
       :: broken(NO_FENCE) -> ofRevoker = OUTLIVE
       fi;
       pass(left, ofNode);
       pass(asked, ofNode);
       pass(absence, ofRevoker);
       pass(unseen, ofRevoker);
       pass(wait, ofRevoker);
       ofNode = 0;
       ofRevoker = 0
     }
  od
}

/*
 * A lease ends at any moment, early or late, by itself or by anybody's hand. The key may be shared again, and be taken
 * back by a node that is not heard of any more.
 */
active proctype World() {
end:
  do
  :: d_step { registered -> endRegistration() }
  :: d_step { !shared(root) -> root++ }
#if OTHERS
  :: d_step { shared(root) && root < LAST -> root++ }
#endif
  od
}

/*
 * An administrator of etcd has kept what stood there, and puts it back, over what stands there now or where nothing does.
 * Of all that he has kept the newest says the most; of acknowledgements nobody forgets it.
 */
#if REPLAYS
active proctype Administrator() {
  registered;
end:
  do
  :: d_step {
       !registered || own || broken(REPLAYED_STAY_IS_NEW) ->
       event(REPLAYED_IN_MID_USE, own && ticket == live);
       registered = true;
       own = false;
       since = (broken(REPLAYED_STAY_IS_NEW) -> root : since)
     }
  :: d_step { broken(REPLAYED_WORD_IS_NEW) -> acknowledged = root }
  od
}
#endif

/* The node's watch, as late as it likes; the reload when it was lost; acknowledgements. */
active proctype Watch() {
  byte loaded;
end:
  do
  :: d_step {
       catalog < root -> catalog++;
       if
       :: !shared(catalog) -> endTickets()
       :: else
       fi
     }
  :: d_step { catalog < root -> loaded = root };
     d_step {
       catalog = loaded;
       loaded = 0;
       if
       :: !shared(catalog) || !broken(TICKETS_OUTLIVE_RELOAD) -> endTickets()
       :: else
       fi
     }
  :: d_step {
       (registered || REPLAYS) && acknowledged < catalog && (ticket != dead || broken(ACK_BEFORE_DRAIN)) ->
       acknowledged = catalog
     }
  :: d_step {
       MESSAGES && told < taken(catalog) && (ticket != dead || broken(ACK_BEFORE_DRAIN)) -> /* registered or not */
       told = taken(catalog)
     }
  :: d_step { MESSAGES && broken(MESSAGE_BEFORE_APPLYING) && told < taken(root) -> told = taken(root) }
  od
}

/*
 * The network between the nodes. A message arrives at any time or never, again and again, and in any order: the newest of
 * those sent says the most. What another process says, or nobody of the cluster, says nothing of this node's process.
 */
#if MESSAGES
active proctype Network() {
end:
  do
  :: d_step {
       !heard && revision > 0 &&
       (told >= revision ||
        (broken(MESSAGE_FOR_LATER) && told > 0) ||
        (broken(MESSAGE_OF_ANOTHER) && root >= revision) ||
        broken(MESSAGE_FORGED)) ->
       heard = true
     }
  od
}
#endif

/* The node registers, then proves again and again that it is registered and up to date. Replies may be late or lost. */
active proctype Lease() {
  bool stays;
  byte newest;
join:
  atomic {
    left = 0;
    asked = (broken(LOAD_BEFORE_REGISTER) -> SERVE : 0)
  };
  d_step {
    event(REJOINED_IN_MID_USE, ticket == live);
    endRegistration();
    registered = true;
    own = true;
    since = catalog
  };
#if BREAK == LOAD_BEFORE_REGISTER
  left = asked;
#endif
prove:
end:
  asked = SERVE;
  if
  :: stays = own || broken(PROOF_UNREGISTERED);
     newest = root
  :: newest = root;
     stays = own || broken(PROOF_UNREGISTERED)
  fi;
  if
  :: d_step {
       stays && (catalog >= newest || broken(PROOF_BEFORE_APPLYING)) ->
       left = (broken(DEADLINE_FROM_REPLY) -> SERVE : asked)
     }
  :: !stays -> d_step { asked = 0; newest = 0 };
     goto join
  :: skip
  fi;
  d_step { asked = 0; newest = 0; stays = false };
  goto prove
}

#define allowed (shared(catalog) && (left > 0 || FENCE || broken(NO_PRE_CHECK)))
#define good    (ticket == live && (left > 0 || FENCE))

active proctype Use() {
  byte fence;
next:
end:
  received = confirmed;
#if FENCE && BREAK != NO_FENCE_BEFORE
  fence = root;
  d_step { catalog >= fence -> fence = 0 };
#endif
  if
  :: d_step { allowed && !broken(TICKET_AFTER_CHECK) -> right = catalog; ticket = live }
  :: d_step { allowed && broken(TICKET_AFTER_CHECK) -> right = catalog };
     ticket = live
  :: goto next /* refused */
  fi;

  /* Claim A. What is received after the confirmation is not even begun under the old right. */
  claim(right >= received);

  /* The work, as long as it takes. */
#if FENCE && BREAK != NO_FENCE_AFTER
  d_step { fence = root; checked = confirmed };
  d_step { catalog >= fence -> fence = 0 };
#endif
  d_step {
#if !FENCE || BREAK == NO_FENCE_AFTER
    checked = confirmed;
#endif
    if
    :: good || broken(NO_POST_CHECK) ->
       /* Claim B. Nothing of the old right is released whose last check was made after the confirmation. */
       claim(right >= checked);
       event(RELEASED_BEFORE_CONFIRM, right < root && !shared(root));
       event(RELEASED_AFTER_RESHARE, right > 0 && confirmed > 0)
    :: else ->
       event(REFUSED_BY_TICKET, ticket == dead && (left > 0 || FENCE));
       event(REFUSED_BY_DEADLINE, ticket == live)
    fi;
    ticket = none;
    right = 0;
    received = 0;
    checked = 0
  };
  goto next
}

/* The revoker's watch, as late as it likes; it may be lost too, and what happened meanwhile stays unseen. */
active proctype Sight() {
end:
  do
  :: d_step {
       watching && (departed || !sighted || behind || absence > 0) ->
       absence = (departed && !broken(TRUST_ETCD_EXPIRY) -> OUTLIVE : absence);
       departed = false;
       absence = (registered -> 0 : absence); /* what it says is true of all its stays */
       behind = registered && since < revision && acknowledged < revision;
       sighted = true
     }
  :: d_step {
       departed ->
       departed = false;
       unseen = (broken(TRUST_UNSEEN_ABSENCE) -> 0 : OUTLIVE)
     }
  od
}

active proctype Revoker() {
  bool settled;
  bool again;
  d_step {
    watching = true;
    unseen = (broken(TRUST_UNSEEN_ABSENCE) -> 0 : OUTLIVE)
  };
revoke:
  wait = (broken(WAIT_FROM_SENDING) -> OUTLIVE : 0);
end:
  if
  :: d_step { shared(root) && root < LAST -> root++; revision = root; sighted = false; heard = false };
     wait = (broken(WAIT_FROM_SENDING) -> wait : OUTLIVE)
#if OTHERS
  :: d_step {
       !shared(root) && revision < root -> /* asked for what another has done, who may not have waited for anybody */
       revision = root;
       sighted = false;
       heard = false;
       again = true;
       wait = OUTLIVE
     }
#endif
  fi;
  if
  :: sighted && unseen == 0 && (heard || (!behind && absence == 0)) -> settled = true
  :: wait == 0 && !broken(NO_WAIT)
  :: again && broken(ANSWER_FROM_WHAT_STANDS)
  fi;
  atomic {
    confirmed = revision;
    event(CONFIRMED_BY_ACK, settled && registered && since < revision && !heard);
    event(CONFIRMED_BY_ABSENCE, settled && !registered && !heard);
    event(CONFIRMED_BY_MESSAGE, settled && heard && acknowledged < revision && registered && since < revision);
    event(CONFIRMED_BY_MESSAGE_OF_ONE_GONE, settled && heard && absence > 0 && !registered);
    event(CONFIRMED_BY_WAIT, !settled);
    event(CONFIRMED_WHEN_ASKED_AGAIN, again);
    /* Claim C. On a node that has acknowledged, no use under the old right is still under way. */
    claim(!(settled && (acknowledged >= revision || heard) && ticket != none && right < revision));
    settled = false;
    again = false;
    wait = 0
  };
  if
  :: revision < LAST -> goto revoke
  :: else -> d_step { watching = false; departed = false; behind = false; absence = 0; unseen = 0; heard = false }
  fi
}

#ifdef ANSWERED
/* Claim D, given that clocks go on and the revoker is not stopped: nothing else may keep it from answering. */
ltl answered { [] (revision > 0 -> <> (confirmed > 0)) }
#endif
