"""The project's list of standard LaTeX macros in mathematics: what LaTeX, amsmath and amssymb define (for XN001)."""

from __future__ import annotations

_LETTERS = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega varepsilon vartheta varpi varrho varsigma varphi varkappa digamma Gamma Delta Theta Lambda Xi Pi Sigma Upsilon
Phi Psi Omega varGamma varDelta varTheta varLambda varXi varPi varSigma varUpsilon varPhi varPsi varOmega aleph beth
gimel daleth ell hbar hslash imath jmath wp Re Im eth complement partial infty nabla forall exists nexists emptyset
varnothing prime backprime angle measuredangle sphericalangle top bot neg lnot flat natural sharp surd
"""
_OPERATORS = """
arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf injlim ker lg lim liminf limsup ln log max
min Pr projlim sec sin sinh sup tan tanh varinjlim varprojlim varliminf varlimsup bmod mod pmod pod sum prod coprod int
iint iiint iiiint idotsint oint bigcap bigcup bigsqcup bigvee bigwedge bigodot bigotimes bigoplus biguplus operatorname
operatornamewithlimits mathop DeclareMathOperator limits nolimits
"""
_BINARY = """
pm mp times div ast star circ bullet cdot cap cup uplus sqcap sqcup vee wedge lor land setminus smallsetminus wr diamond
bigtriangleup bigtriangledown triangleleft triangleright lhd rhd unlhd unrhd oplus ominus otimes oslash odot bigcirc
dagger ddagger amalg ltimes rtimes leftthreetimes rightthreetimes dotplus boxplus boxminus boxtimes boxdot circledast
circledcirc circleddash divideontimes curlywedge curlyvee barwedge veebar doublebarwedge intercal centerdot Cap Cup
"""
_RELATIONS = """
leq le geq ge lt gt equiv models prec succ sim perp preceq succeq simeq mid ll gg asymp parallel subset supset approx
bowtie subseteq supseteq cong sqsubset sqsupset neq ne smile frown sqsubseteq sqsupseteq doteq in ni owns propto
vdash dashv
notin not leqslant geqslant lesssim gtrsim lessapprox gtrapprox lessgtr gtrless lesseqgtr gtreqless lll ggg eqsim
approxeq thicksim backsim thickapprox subseteqq supseteqq Subset Supset preccurlyeq succcurlyeq precsim succsim vDash
Vdash Vvdash vartriangleleft vartriangleright trianglelefteq trianglerighteq ntriangleleft ntrianglelefteq between
pitchfork varpropto backepsilon shortmid shortparallel nless ngtr nleq ngeq lneq gneq lneqq gneqq nsim ncong nmid
nparallel nsubseteq nsupseteq subsetneq supsetneq subsetneqq supsetneqq varsubsetneq varsupsetneq nvdash nvDash
smallsmile smallfrown coloneqq eqqcolon vcentcolon bumpeq Bumpeq doteqdot risingdotseq fallingdotseq circeq triangleq
therefore because
"""
_ARROWS = """
leftarrow gets rightarrow to leftrightarrow Leftarrow Rightarrow Leftrightarrow mapsto longleftarrow longrightarrow
longleftrightarrow Longleftarrow Longrightarrow Longleftrightarrow longmapsto hookleftarrow hookrightarrow
leftharpoonup leftharpoondown rightharpoonup rightharpoondown rightleftharpoons leftrightharpoons iff implies impliedby
uparrow downarrow updownarrow Uparrow Downarrow Updownarrow nearrow searrow swarrow nwarrow leadsto rightsquigarrow
leftrightsquigarrow dashrightarrow dashleftarrow dashrightarrow leftleftarrows rightrightarrows leftrightarrows
rightleftarrows upuparrows downdownarrows twoheadleftarrow twoheadrightarrow leftarrowtail rightarrowtail looparrowleft
looparrowright curvearrowleft curvearrowright circlearrowleft circlearrowright multimap Lsh Rsh nleftarrow nrightarrow
nLeftarrow nRightarrow nleftrightarrow nLeftrightarrow xleftarrow xrightarrow xleftrightarrow xhookleftarrow
xhookrightarrow xRightarrow xLeftarrow xmapsto xrightleftharpoons upharpoonright restriction downharpoonright
"""
_DELIMITERS = """
left right middle big Big bigg Bigg bigl Bigl biggl Biggl bigr Bigr biggr Biggr bigm Bigm biggm Biggm langle rangle
lfloor rfloor lceil rceil lvert rvert lVert rVert vert Vert lbrace rbrace lbrack rbrack backslash lgroup rgroup
lmoustache rmoustache ulcorner urcorner llcorner lrcorner llbracket rrbracket
"""
_ACCENTS_AND_FONTS = """
hat check tilde acute grave dot ddot dddot ddddot breve bar vec mathring widehat widetilde overline underline overbrace
underbrace overrightarrow overleftarrow overleftrightarrow underrightarrow underleftarrow overset underset stackrel
substack sideset mathbb mathrm mathbf mathit mathsf mathtt mathcal mathfrak mathscr mathnormal boldsymbol bm bold
pmb text textrm textbf textit textsf texttt textup textnormal emph rm bf it sf tt cal frak em mathbin mathrel mathord
mathopen mathclose mathpunct mathinner displaystyle textstyle scriptstyle scriptscriptstyle slashed
"""
_STRUCTURE = """
frac tfrac dfrac cfrac binom tbinom dbinom sqrt root over choose atop begin end tag notag label ref eqref nonumber
quad qquad enspace thinspace medspace thickspace negthinspace negmedspace hspace vspace hphantom vphantom phantom smash
mathstrut strut hfill boxed fbox colorbox color textcolor cancel bcancel xcancel left right ldots cdots vdots ddots dots
dotsb dotsc dotsi dotsm dotso colon hline cline multicolumn array intertext shortintertext mathchoice newcommand
renewcommand def url cite ensuremath mbox hbox allowbreak nobreak space
"""
_SIGNS = """
square Box blacksquare Diamond lozenge blacklozenge triangle triangledown blacktriangle blacktriangledown bigstar
clubsuit diamondsuit heartsuit spadesuit checkmark maltese circledS circledR mho Finv Game Bbbk diagup diagdown S P
pounds copyright AA aa AE ae OE oe O o L l ss i j c v u H d b k r t pitchfork qed blackdiamond fint oiint
"""

#: Names without the backslash.
STANDARD = frozenset(
    f"{_LETTERS}{_OPERATORS}{_BINARY}{_RELATIONS}{_ARROWS}{_DELIMITERS}{_ACCENTS_AND_FONTS}{_STRUCTURE}{_SIGNS}".split()
)
