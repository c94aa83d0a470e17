"""Names of people who do not exist, in several scripts, for generate.py.

Each culture has given names and parts of which family names are combined: a few lists make hundreds of given
and thousands of family names. What is not written in Latin letters stands as "native=latin": user names and
mail addresses are made of the latter. All of it is put together here; a real person who is called so is
chance.
"""

import unicodedata

# Letters that have no decomposition.
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "Ae",
                        "œ": "oe", "ı": "i", "þ": "th", "Þ": "Th", "ð": "d", "ħ": "h", "Ħ": "H", "ŋ": "n"})


def latin(text):
    """Lower-case ASCII letters."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(letter for letter in plain.lower() if letter.isascii() and letter.isalpha())


def _pairs(words):
    """[(as it is written, in lower-case Latin letters)]"""
    pairs = []
    for word in words.split():
        native, _, spelled = word.partition("=")
        native = native.replace("_", " ")
        pairs.append((native, spelled or latin(native)))
    return pairs


def _combine(*parts):
    """Every first part with every second one, and so on."""
    made = [("", "")]
    for part in parts:
        made = [(a + c, b + d) for a, b in made for c, d in _pairs(part)]
    return [(native[:1].upper() + native[1:], spelled) for native, spelled in made]


class Culture:
    """`weight`: people of a hundred. `join` stands between the names; `family_first` says in which order."""

    def __init__(self, weight, given, family, join=" ", family_first=False):
        self.weight, self.given, self.family = weight, given, family
        self.join, self.family_first = join, family_first

    def full_name(self, given, family):
        return family + self.join + given if self.family_first else given + self.join + family


CULTURES = (
    Culture(  # German
        14, _pairs("Anna Jürgen Käthe Björn Lena Götz Sophie Günther Marie Jörg Emma Sören Hannah Rüdiger Mia "
                   "Matthias Clara Thomas Ida Stefan Frieda Andreas Greta Lukas"),
        _pairs("Müller Schäfer Köhler Jäger Weiß Groß Böhm Krämer")
        + _combine("Acker Alten Berg Birken Buchen Dorn Eichen Feld Gold Grün Hasel Holz Kirch Königs Linden Mühl "
                   "Neu Ober Rosen Rot Sand Schön Silber Stein Süß Tannen Unter Wald Weiß Winter",
                   "auer bach bauer berger brunn dorfer felder gärtner hauser heimer hofer huber kamp länder mann "
                   "maier meister müller rath roth schmidt städter steiner thal wald")),
    Culture(  # Nordic
        9, _pairs("Øystein Åse Bjørn Sæunn Ingrid Håkon Märta Þórunn Søren Göran Astrid Ægir Liv Lars Sigrún Jørgen "
                  "Elin Nils Tuulikki Väinö Freja Gunnar Signe Ólafur"),
        _pairs("Sæther Ødegård Åkesson Nygård Grønn Hårstad Björk Sjöström")
        + _combine("Berg Bjørk Dal Ek Fjell Gran Hav Hög Kvist Lind Lund Lövs Nord Ny Rosen Sjö Skog Sol Stor Strand "
                   "Sund Sæl Vest Øst Åker",
                   "berg blom by dahl feldt gård gren hagen heim holm kvist lund mark ness quist rød sen skär son "
                   "stad strøm ström vik å ås")),
    Culture(  # Polish, Czech
        9, _pairs("Łukasz Małgorzata Stanisław Świętosława Jiří Zdeněk Kateřina Božena Wojciech Žofie Paweł Šárka "
                  "Grażyna Čeněk Agnieszka Tomáš Michał Eliška Łucja Ondřej Zbigniew Růžena Jan Ewa"),
        _pairs("Łęcki Żółty Dvořák Černý Wójcik Kaczyńska Říha Šťastný")
        + _combine("Bar Brzez Chmiel Czar Dąb Dobr Gór Grab Jabł Jan Kal Kamień Kowal Kraj Lip Łab Mal Now Ogrod Pisk "
                   "Rud Sad Sosn Star Szcz Wiśn Wit Zaj Zieliń Żuk",
                   "anek ák czyk ecki ek eńko ewicz ewski icki ický iński ka ny ok orz oska ovský owicz owski "
                   "ów ski ský uda uk ýr")),
    Culture(  # English, Irish
        14, _pairs("Mary James Siobhán Oliver Aoife George Zoë Arthur Róisín Harry Chloë Alfie Niamh Leo Grace Conor "
                   "Ruby Theo Ellen Seán Alice Hugh Martha Edmund"),
        _pairs("Ó_Briain O'Leary Ní_Dhomhnaill Quill Smith Taylor Brontë D'Arcy")
        + _combine("Ash Black Brad Brook Charl Cliff East Fair Green Hard Hart High Kings Lang Long Mar North Oak "
                   "Sax Stan Thorn Wal West White Wood",
                   "bourne bridge brook burn bury by combe cott croft dale den field ford ham hurst ley low "
                   "man more ridge stead stone ton well worth")),
    Culture(  # French, Spanish, Portuguese, Turkish
        14, _pairs("Zoé José Chloé João Élodie Íñigo Amélie Iñaki Gaëlle Gonçalo Noémie Tomás Françoise Álvaro "
                   "Inês Çağla Jérôme Begoña Ömer Maëlys Şule Andrés Işıl Lúcia"),
        _pairs("Muñoz Lefèvre Gonçalves Yılmaz Núñez Öztürk Œuvrard D'Aubigné")
        + _combine("Alv Barr Cast Cord Dub Esp Font Garr Jim L' Ló Mar Mont Navarr Oliv Per Quint Ram Rib Roch Sal "
                   "Sant Torr Val Vill",
                   "açon alho ard areau ares arez ari ault ano eira ejo èche elle ero ès eur ier ín inho ix oglu "
                   "ón ões ot uña")),
    Culture(  # Vietnamese
        8, _combine("Thị_=thi Văn_=van Minh_=minh Ngọc_=ngoc Đức_=duc",
                    "Ánh=anh Dũng=dung Hương=huong Khánh=khanh Lệ=le Thảo=thao Tuấn=tuan Yến=yen"),
        _pairs("Nguyễn Đặng Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Bùi Đỗ Hồ Ngô Dương Lý Đinh Đoàn Trịnh Mạc"),
        family_first=True),
    Culture(  # Russian, Ukrainian
        9, _pairs("Анна=anna Юрий=yuri Ольга=olga Дмитрий=dmitri Елена=elena Сергій=serhii Мария=maria Фёдор=fyodor "
                  "Оксана=oksana Иван=ivan Наталья=natalya Ґриць=gryts Людмила=lyudmila Пётр=pyotr Їванка=yivanka "
                  "Николай=nikolai Дарья=darya Егор=yegor Жанна=zhanna Олексій=oleksii"),
        _combine("Белк=belk Волк=volk Гор=gor Звон=zvon Зим=zim Корн=korn Лес=les Мельн=meln Мороз=moroz Орл=orl "
                 "Петр=petr Полев=polev Родн=rodn Рыб=ryb Север=sever Сокол=sokol Степ=step Тих=tikh Фед=fed "
                 "Чайк=chaik Шевч=shevch Щедр=shchedr",
                 "ин=in ов=ov енко=enko ович=ovich ский=sky ак=ak ук=uk анов=anov ищев=ishchev очкин=ochkin")),
    Culture(  # Greek
        4, _pairs("Ελένη=eleni Γιώργος=giorgos Σοφία=sofia Νίκος=nikos Αθηνά=athina Θανάσης=thanasis Δάφνη=dafni "
                  "Πέτρος=petros Ειρήνη=irini Χρήστος=christos Φωτεινή=fotini Σπύρος=spyros Καλλιόπη=kalliopi"),
        _combine("Αγγελ=angel Βασιλ=vasil Γεωργ=georg Δημητρ=dimitr Θεοδωρ=theodor Κωνσταντ=konstant Μιχαηλ=michail "
                 "Νικολ=nikol Παναγιωτ=panagiot Σταματ=stamat Στεφαν=stefan Χαραλαμπ=charalamp",
                 "άκης=akis ίδης=idis όπουλος=opoulos ιάδης=iadis έας=eas άτος=atos")),
    Culture(  # Arabic
        5, _pairs("محمد=mohammed فاطمة=fatima أحمد=ahmad عائشة=aisha يوسف=yusuf مريم=maryam خالد=khalid زينب=zaynab "
                  "عمر=omar ليلى=layla حسن=hassan نور=nour إبراهيم=ibrahim سلمى=salma طارق=tariq هدى=huda"),
        _combine("ال=al بن_=bin أبو_=abu", "حداد=haddad نجار=najjar خطيب=khatib شامي=shami مصري=masri بغدادي=baghdadi "
                 "صالح=saleh حكيم=hakim قاسم=qasim رشيد=rashid كريم=karim يماني=yamani منصور=mansour زهراني=zahrani")),
    Culture(  # Chinese
        5, _combine("小=xiao 志=zhi 美=mei 文=wen 建=jian 雅=ya 子=zi 国=guo",
                    "明=ming 华=hua 玲=ling 伟=wei 芳=fang 龙=long 静=jing 强=qiang 雨=yu 涛=tao"),
        _pairs("王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 赵=zhao 黄=huang 周=zhou 吴=wu 徐=xu 孙=sun 胡=hu 朱=zhu "
               "高=gao 林=lin 何=he 郭=guo 马=ma 罗=luo 欧阳=ouyang 司马=sima"), join="", family_first=True),
    Culture(  # Japanese, given names in kana
        4, _pairs("さくら=sakura ひろし=hiroshi ゆき=yuki けんた=kenta あおい=aoi たろう=taro はな=hana じゅん=jun "
                  "みゆき=miyuki ショウ=sho かずみ=kazumi リョウ=ryo まい=mai エミ=emi つばさ=tsubasa ガク=gaku"),
        _combine("山=yama 田=ta 中=naka 小=ko 高=taka 松=matsu 石=ishi 川=kawa 森=mori 藤=fuji",
                 "口=guchi 村=mura 原=hara 島=shima 野=no 本=moto 井=i 沢=sawa 崎=saki 谷=tani"), family_first=True),
    Culture(  # Korean
        3, _combine("민=min 서=seo 지=ji 현=hyeon 은=eun 태=tae", "준=jun 연=yeon 호=ho 아=a 우=woo 영=yeong 희=hui 석=seok"),
        _pairs("김=kim 이=lee 박=park 최=choi 정=jeong 강=kang 조=cho 윤=yoon 장=jang 임=lim 한=han 오=oh 신=shin 남궁=namgung"),
        join="", family_first=True),
    Culture(  # Hindi
        2, _pairs("आरव=aarav प्रिया=priya रोहन=rohan अंजलि=anjali विजय=vijay काव्या=kavya सुनील=sunil मीरा=meera "
                  "अर्जुन=arjun दीपा=deepa कृष्ण=krishna लक्ष्मी=lakshmi"),
        _pairs("शर्मा=sharma वर्मा=varma गुप्ता=gupta पटेल=patel सिंह=singh मिश्रा=mishra जोशी=joshi त्रिपाठी=tripathi "
               "चतुर्वेदी=chaturvedi भट्ट=bhatt अय्यर=iyer देशपांडे=deshpande")),
)

TITLES = ("Accountant", "Archivist", "Botanist", "Buyer", "Caretaker", "Carpenter", "Chemist", "Clerk", "Controller",
          "Cook", "Curator", "Data steward", "Deposit clerk", "Designer", "Doctoral student", "Driver", "Economist",
          "Editor", "Electrician", "Engineer", "Field assistant", "Gardener", "Geneticist", "Head of department",
          "Intern", "Lawyer", "Librarian", "Logistician", "Nurse", "Photographer", "Press officer", "Programmer",
          "Receptionist", "Safety officer", "Secretary", "Statistician", "Technician", "Trainer", "Translator",
          "Treasurer")
