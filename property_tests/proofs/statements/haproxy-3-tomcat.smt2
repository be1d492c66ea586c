; HAProxy keeps an idle connection for ever, so no timeout of Tomcat excludes the race.
;
;| race: keepalive-reuse
;| verdicts: race
;| chain:
;|   - { name: c, profile: haproxy-3 }
;|   - { name: s, profile: tomcat }

(define-fun race () Bool
  (exists ((written Real) (arrived Real) (read Real) (closed Real) (fin Real) (asked Real)
           (reached Real))
    (and (travels written arrived)
         (noticed arrived read |c.upstream.loop_stall|)
         (rings written |s.downstream.idle_timeout| |s.downstream.loop_stall| closed)
         (travels closed fin)
         (<= arrived fin)
         (<= read asked fin)
         (travels asked reached)
         (<= closed reached))))
